package main

import (
	"context"
	"fmt"
	"log"
	"strings"
	"time"

	core "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"
	typed "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/record"
	"k8s.io/client-go/tools/reference"
	"k8s.io/client-go/util/workqueue"
	"k8s.io/component-helpers/storage/volume"
)

// provisioner is the name that the storage class has too.
const provisioner = "vibecode.local/volumes"

// A controller gives claims of our class a volume, makes it larger when the claim grows, and removes it when the
// claim is gone and its policy says so.
type controller struct {
	client    kubernetes.Interface
	node      string
	volumes   volumes
	informers informers.SharedInformerFactory
	queue     workqueue.TypedRateLimitingInterface[string]
	events    record.EventRecorder
}

func newController(client kubernetes.Interface, node string, v volumes) *controller {
	broadcaster := record.NewBroadcaster()
	broadcaster.StartRecordingToSink(&typed.EventSinkImpl{Interface: client.CoreV1().Events("")})
	c := &controller{
		client: client, node: node, volumes: v,
		informers: informers.NewSharedInformerFactory(client, time.Minute),
		queue: workqueue.NewTypedRateLimitingQueue(
			workqueue.NewTypedItemExponentialFailureRateLimiter[string](200*time.Millisecond, 30*time.Second)),
		events: broadcaster.NewRecorder(scheme.Scheme, core.EventSource{Component: provisioner}),
	}
	c.watch("claim", c.informers.Core().V1().PersistentVolumeClaims().Informer())
	c.watch("volume", c.informers.Core().V1().PersistentVolumes().Informer())
	return c
}

func (c *controller) watch(kind string, informer cache.SharedIndexInformer) {
	add := func(object any) {
		if key, err := cache.MetaNamespaceKeyFunc(object); err == nil {
			c.queue.Add(kind + ":" + key)
		}
	}
	_, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc: add, UpdateFunc: func(_, now any) { add(now) },
	})
	if err != nil {
		log.Fatal(err)
	}
}

func (c *controller) run(ctx context.Context) {
	c.informers.Start(ctx.Done())
	c.informers.WaitForCacheSync(ctx.Done())
	for range 4 {
		go c.work(ctx)
	}
	<-ctx.Done()
	c.queue.ShutDown()
}

func (c *controller) work(ctx context.Context) {
	for {
		item, end := c.queue.Get()
		if end {
			return
		}
		kind, key, _ := strings.Cut(item, ":")
		change := c.claim
		if kind == "volume" {
			change = c.volume
		}
		err := change(ctx, key)
		if err == nil {
			c.queue.Forget(item)
		} else {
			log.Printf("%s: %v", item, err)
			c.queue.AddRateLimited(item)
		}
		c.queue.Done(item)
	}
}

func (c *controller) claim(ctx context.Context, key string) error {
	namespace, name, err := cache.SplitMetaNamespaceKey(key)
	if err != nil {
		return nil
	}
	claim, err := c.informers.Core().V1().PersistentVolumeClaims().Lister().PersistentVolumeClaims(namespace).Get(name)
	if errors.IsNotFound(err) {
		return nil
	}
	if err != nil || claim.DeletionTimestamp != nil || claim.Annotations[volume.AnnStorageProvisioner] != provisioner {
		return err
	}
	// The cache's own object is shared.
	claim = claim.DeepCopy()
	if claim.Spec.VolumeName == "" {
		err = c.provision(ctx, claim)
	} else if claim.Status.Phase == core.ClaimBound {
		// A mount that failed at the node's start is tried again; most often it is there.
		if err = c.volumes.attach(claim.Spec.VolumeName); err == nil {
			err = c.grow(ctx, claim)
		}
	}
	if err != nil {
		c.events.Event(claim, core.EventTypeWarning, "VolumeFailed", err.Error())
	}
	return err
}

func (c *controller) provision(ctx context.Context, claim *core.PersistentVolumeClaim) error {
	if claim.Annotations[volume.AnnSelectedNode] != c.node {
		return nil
	}
	if claim.Spec.VolumeMode != nil && *claim.Spec.VolumeMode != core.PersistentVolumeFilesystem {
		return fmt.Errorf("volumeMode %s is not supported, only Filesystem", *claim.Spec.VolumeMode)
	}
	class, err := c.client.StorageV1().StorageClasses().Get(ctx, *claim.Spec.StorageClassName, meta.GetOptions{})
	if err != nil {
		return err
	}
	owner, err := reference.GetReference(scheme.Scheme, claim)
	if err != nil {
		return err
	}
	name := "pvc-" + string(claim.UID)
	request := claim.Spec.Resources.Requests[core.ResourceStorage]
	size, err := c.volumes.create(name, request.Value())
	if err != nil {
		return err
	}
	pv := &core.PersistentVolume{
		ObjectMeta: meta.ObjectMeta{
			Name:        name,
			Annotations: map[string]string{volume.AnnDynamicallyProvisioned: provisioner},
		},
		Spec: core.PersistentVolumeSpec{
			Capacity:                      core.ResourceList{core.ResourceStorage: capacity(request, size)},
			AccessModes:                   claim.Spec.AccessModes,
			ClaimRef:                      owner,
			StorageClassName:              class.Name,
			PersistentVolumeReclaimPolicy: *class.ReclaimPolicy,
			PersistentVolumeSource: core.PersistentVolumeSource{
				Local: &core.LocalVolumeSource{Path: c.volumes.mount(name)},
			},
			NodeAffinity: &core.VolumeNodeAffinity{Required: &core.NodeSelector{
				NodeSelectorTerms: []core.NodeSelectorTerm{{MatchExpressions: []core.NodeSelectorRequirement{{
					Key: core.LabelHostname, Operator: core.NodeSelectorOpIn, Values: []string{c.node},
				}}}},
			}},
		},
	}
	_, err = c.client.CoreV1().PersistentVolumes().Create(ctx, pv, meta.CreateOptions{})
	if err != nil && !errors.IsAlreadyExists(err) {
		return err
	}
	log.Printf("%s/%s has volume %s of %d bytes", claim.Namespace, claim.Name, name, size)
	return nil
}

// capacity keeps the words of the request, 10Gi, where they say the size.
func capacity(request resource.Quantity, size int64) resource.Quantity {
	if request.Value() == size {
		return request
	}
	return *resource.NewQuantity(size, resource.BinarySI)
}

func (c *controller) grow(ctx context.Context, claim *core.PersistentVolumeClaim) error {
	request, now := claim.Spec.Resources.Requests[core.ResourceStorage], claim.Status.Capacity[core.ResourceStorage]
	if request.Cmp(now) <= 0 {
		return nil
	}
	name := claim.Spec.VolumeName
	if err := c.volumes.grow(name, request.Value()); err != nil {
		return err
	}
	pv, err := c.client.CoreV1().PersistentVolumes().Get(ctx, name, meta.GetOptions{})
	if err != nil {
		return err
	}
	pv.Spec.Capacity[core.ResourceStorage] = request
	if _, err := c.client.CoreV1().PersistentVolumes().Update(ctx, pv, meta.UpdateOptions{}); err != nil {
		return err
	}
	claim.Status.Capacity[core.ResourceStorage] = request
	claim.Status.Conditions = nil
	_, err = c.client.CoreV1().PersistentVolumeClaims(claim.Namespace).UpdateStatus(ctx, claim, meta.UpdateOptions{})
	if errors.IsConflict(err) {
		// Kubelet saw the larger volume first and says the same.
		return nil
	}
	log.Printf("%s/%s has grown to %s", claim.Namespace, claim.Name, request.String())
	return err
}

func (c *controller) volume(ctx context.Context, name string) error {
	pv, err := c.informers.Core().V1().PersistentVolumes().Lister().Get(name)
	if errors.IsNotFound(err) {
		return nil
	}
	if err != nil || pv.Annotations[volume.AnnDynamicallyProvisioned] != provisioner ||
		pv.Status.Phase != core.VolumeReleased || pv.DeletionTimestamp != nil ||
		pv.Spec.PersistentVolumeReclaimPolicy != core.PersistentVolumeReclaimDelete {
		return err
	}
	if err := c.volumes.remove(name); err != nil {
		return err
	}
	err = c.client.CoreV1().PersistentVolumes().Delete(ctx, name, meta.DeleteOptions{})
	if err != nil && !errors.IsNotFound(err) {
		return err
	}
	log.Printf("%s is removed", name)
	return nil
}
