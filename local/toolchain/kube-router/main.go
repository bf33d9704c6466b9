// Kube-router's firewall by itself: it enforces NetworkPolicies on a node whose pods get routes and Services from
// others. It takes kube-router's flags.
//
// Its controller learns of a pod when kubelet has told the API server of its address, which is after the pod's first
// process began to run, and lets everything pass until then; a connection made in that moment would stay. So the node
// drops what pods send and get until a sync has judged them, and each sync ends by saying whom: see known.go.
package main

import (
	"context"
	"log"
	"os"
	"sync"
	"time"

	"github.com/cloudnativelabs/kube-router/v2/pkg/controllers/netpol"
	"github.com/cloudnativelabs/kube-router/v2/pkg/healthcheck"
	"github.com/cloudnativelabs/kube-router/v2/pkg/options"
	"github.com/spf13/pflag"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"
)

func main() {
	config := options.NewKubeRouterConfig()
	flags := pflag.NewFlagSet("kube-router", pflag.ExitOnError)
	config.AddFlags(flags)
	_ = flags.Parse(os.Args[1:])
	if err := run(config); err != nil {
		log.Fatal(err)
	}
}

func run(config *options.KubeRouterConfig) error {
	access, err := clientcmd.BuildConfigFromFlags(config.Master, config.Kubeconfig)
	if err != nil {
		return err
	}
	client, err := kubernetes.NewForConfig(access)
	if err != nil {
		return err
	}
	waitForNode(client, config.HostnameOverride)

	factory := informers.NewSharedInformerFactory(client, 0)
	pods := factory.Core().V1().Pods().Informer()
	namespaces := factory.Core().V1().Namespaces().Informer()
	policies := factory.Networking().V1().NetworkPolicies().Informer()
	stop := make(chan struct{})
	factory.Start(stop)
	factory.WaitForCacheSync(stop)

	tables, sets, err := netpol.NewIPTablesHandlers(config)
	if err != nil {
		return err
	}
	for family, table := range tables {
		each := &watch{pods: pods.GetIndexer(), rules: table}
		tables[family], sets[family] = begin{table, each}, finish{sets[family], each}
	}
	controller, err := netpol.NewNetworkPolicyController(
		client, config, pods, policies, namespaces, &sync.Mutex{}, tables, sets)
	if err != nil {
		return err
	}
	for informer, handler := range map[cache.SharedIndexInformer]cache.ResourceEventHandler{
		pods: controller.PodEventHandler, namespaces: controller.NamespaceEventHandler, policies: controller.NetworkPolicyEventHandler,
	} {
		if _, err := informer.AddEventHandler(handler); err != nil {
			return err
		}
	}
	var running sync.WaitGroup
	running.Add(1)
	controller.Run(unheard(), stop, &running)
	return nil
}

// waitForNode returns once the node is registered and we may see it, which a new cluster's first start takes a while
// to allow.
func waitForNode(client kubernetes.Interface, name string) {
	for said := ""; ; time.Sleep(200 * time.Millisecond) {
		_, err := client.CoreV1().Nodes().Get(context.Background(), name, meta.GetOptions{})
		if err == nil {
			return
		}
		if err.Error() != said {
			said = err.Error()
			log.Print(said)
		}
	}
}

// unheard takes the controller's heartbeats, which would stop it when nobody did.
func unheard() chan<- *healthcheck.ControllerHeartbeat {
	beats := make(chan *healthcheck.ControllerHeartbeat)
	go func() {
		for range beats {
		}
	}()
	return beats
}
