// Supervise runs a whole cluster node in namespaces of its own, so that ending this one process, kill -9
// included, ends all of it: no process, rule, link or mount of it stays on the host. One setting of the host's
// kernel does stay: net.ipv4.ip_forward, since others may have come to count on it.
//
//	supervise CONFIG.json
//	supervise tables       prints the names of the packet filter's tables for IPv4
//
// It runs twice. The outer process stays in the host's namespaces and holds what is the host's part: the lock,
// the listening ports, the link and the packet filter table, all of which the kernel takes away with their
// owner. The inner process is PID 1 of the new namespaces, starts the node's components again when they die,
// and reaps what they leave behind.
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"os"
)

type config struct {
	// Name of the instance; also of the host inside.
	Name string `json:"name"`
	// Folder on the host with all that outlives a stop; seen inside as inside.
	Folder string `json:"folder"`
	Link   link   `json:"link"`
	// PodNetwork is masqueraded behind the node's address.
	PodNetwork string `json:"podNetwork"`
	// ServiceNetwork holds the virtual addresses of Services.
	ServiceNetwork string      `json:"serviceNetwork"`
	Forwards       []forward   `json:"forwards"`
	Prepare        [][]string  `json:"prepare"`
	Components     []component `json:"components"`
}

// A link is the pair of interfaces between the host and the node, each end with its own address.
type link struct {
	Name string `json:"name"`
	Host string `json:"host"`
	Node string `json:"node"`
	Bits int    `json:"bits"`
}

// A forward carries connections from addresses on the host to one inside.
type forward struct {
	Listen []string `json:"listen"`
	To     string   `json:"to"`
}

type component struct {
	Name    string   `json:"name"`
	Command []string `json:"command"`
	// After names sockets which must answer first: tcp:127.0.0.1:2379, unix:/run/x.sock.
	After []string `json:"after"`
}

// inside is where the instance's folder is seen in the node, whatever its place on the host: volumes and
// databases can then be moved to another folder.
const inside = "/run/vibecode"

func main() {
	log.SetFlags(log.LstdFlags | log.LUTC)
	if len(os.Args) != 2 {
		log.Fatal("usage: supervise CONFIG.json | tables")
	}
	if os.Args[1] == "tables" {
		if err := printTables(); err != nil {
			log.Fatal(err)
		}
		return
	}
	c, err := read(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	if os.Getpid() == 1 {
		err = inner(c)
	} else {
		err = outer(c, os.Args[1])
	}
	if err != nil {
		log.Fatal(err)
	}
}

func read(path string) (*config, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	c := &config{}
	if err := json.Unmarshal(text, c); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return c, nil
}
