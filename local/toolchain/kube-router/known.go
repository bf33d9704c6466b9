package main

import (
	"fmt"
	"os/exec"
	"regexp"
	"strings"

	"github.com/cloudnativelabs/kube-router/v2/pkg/utils"
	core "k8s.io/api/core/v1"
	"k8s.io/client-go/tools/cache"
)

// A watch follows the controller's syncs, which come one after the other. Each keeps the chains KNOWN-FROM and
// KNOWN-TO in the table `security` to the pods it has judged. Packets of new connections from and to pods go through
// them after all rules have let them pass: what does not return from there is dropped. Nobody else writes to that
// table.
//
// A sync looks at the pods twice: for the policies that select them, and then for the pods that get rules. One whose
// address arrives in between gets rules without policies, which pass everything. So a pod is known only if its
// address was there when the sync began.
type watch struct {
	pods  cache.Indexer
	rules utils.IPTablesHandler
	// there are the addresses at the sync's begin.
	there map[string]bool
}

// A begin is what the controller asks whether its chains exist, before it looks at anything else.
type begin struct {
	utils.IPTablesHandler
	*watch
}

func (b begin) ChainExists(table, chain string) (bool, error) {
	b.there = map[string]bool{}
	for _, each := range b.pods.List() {
		if pod, ok := each.(*core.Pod); ok {
			b.there[pod.Status.PodIP] = true
		}
	}
	return b.IPTablesHandler.ChainExists(table, chain)
}

// A finish is what the controller asks for all sets once its rules are in force, to remove those it no longer needs.
type finish struct {
	utils.IPSetHandler
	*watch
}

func (f finish) Save() error {
	rules, err := f.rules.List("filter", forward)
	if err != nil {
		return err
	}
	if err := restore(chains(rules, f.there)); err != nil {
		return err
	}
	return f.IPSetHandler.Save()
}

// forward has jumps, from and to each pod's address, to a chain that ends with the pod's policies.
const forward = "KUBE-ROUTER-FORWARD"

var judged = regexp.MustCompile(`^-A ` + forward + ` -([sd]) ([0-9.]+)/32 .*-j KUBE-POD-FW-`)

// chains is what makes iptables-restore replace our chains.
func chains(rules []string, there map[string]bool) string {
	names := map[string]string{"s": "KNOWN-FROM", "d": "KNOWN-TO"}
	var lines []string
	written := map[string]bool{}
	for _, rule := range rules {
		match := judged.FindStringSubmatch(rule)
		if match == nil || !there[match[2]] {
			continue
		}
		line := fmt.Sprintf("-A %s -%s %s -j RETURN", names[match[1]], match[1], match[2])
		// Bridged packets have a rule of their own.
		if !written[line] {
			written[line] = true
			lines = append(lines, line)
		}
	}
	return "*security\n:KNOWN-FROM -\n:KNOWN-TO -\n" + strings.Join(lines, "\n") +
		"\n-A KNOWN-FROM -j DROP\n-A KNOWN-TO -j DROP\nCOMMIT\n"
}

// restore replaces the chains that the input names, at one moment, and leaves the others.
func restore(input string) error {
	command := exec.Command("iptables-restore", "--wait", "--noflush")
	command.Stdin = strings.NewReader(input)
	if out, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("iptables-restore: %w: %s", err, out)
	}
	return nil
}
