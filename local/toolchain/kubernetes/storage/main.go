// Storage makes the volumes of the embedded cluster: each a file with a file system of exactly the size that was
// asked for, so that a full home fills nobody else's disk. It runs as a process of the node.
//
//	storage mount      mounts all volumes there are, once, before kubelet starts
//	storage --kubeconfig=FILE --node=NAME
package main

import (
	"context"
	"flag"
	"log"
	"os"
	"os/signal"
	"syscall"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
)

func main() {
	all := volumes{files: "/run/vibecode/volumes", mounts: "/run/volumes"}
	if len(os.Args) == 2 && os.Args[1] == "mount" {
		all.mountAll()
		return
	}
	kubeconfig := flag.String("kubeconfig", "", "how to reach the API server")
	node := flag.String("node", "", "name of this node")
	flag.Parse()
	config, err := clientcmd.BuildConfigFromFlags("", *kubeconfig)
	if err != nil {
		log.Fatal(err)
	}
	// The default of 5 requests a second would be felt when a team's volumes are made at once.
	config.QPS, config.Burst = 50, 100
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	newController(kubernetes.NewForConfigOrDie(config), *node, all).run(ctx)
}
