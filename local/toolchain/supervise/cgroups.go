package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// cgroup has the name of the link: of all clusters on the host, whoever runs them, no other has it.
func cgroup(c *config) string { return c.Link.Name }

// cgroupRoots are the tops of the trees there are: one in version 2, one a controller in version 1.
func cgroupRoots() []string {
	if _, err := os.Stat("/sys/fs/cgroup/cgroup.procs"); err == nil {
		return []string{"/sys/fs/cgroup"}
	}
	procs, _ := filepath.Glob("/sys/fs/cgroup/*/cgroup.procs")
	var roots []string
	for _, file := range procs {
		roots = append(roots, filepath.Dir(file))
	}
	return roots
}

// makeCgroups makes the group in which kubelet makes those of the pods; it wants one in every tree.
func makeCgroups(c *config) error {
	for _, root := range cgroupRoots() {
		own := filepath.Join(root, cgroup(c))
		if err := os.Mkdir(own, 0o755); err != nil && !os.IsExist(err) {
			return err
		}
		// Version 1: a new cpuset is empty, and nothing can run in it.
		for _, name := range []string{"cpuset.cpus", "cpuset.mems"} {
			if text, err := os.ReadFile(filepath.Join(root, name)); err == nil {
				_ = os.WriteFile(filepath.Join(own, name), text, 0)
			}
		}
		// Version 2: controllers are handed down a level at a time.
		for _, level := range []string{root, own} {
			text, err := os.ReadFile(filepath.Join(level, "cgroup.controllers"))
			if err != nil {
				continue
			}
			for _, controller := range strings.Fields(string(text)) {
				_ = os.WriteFile(filepath.Join(level, "cgroup.subtree_control"), []byte("+"+controller), 0)
			}
		}
	}
	return nil
}

// removeLeftovers takes away what a kill -9 of the last run left: its empty cgroups. It also waits for the
// kernel to finish with that run's processes and link, which takes a moment after the lock is free.
func removeLeftovers(c *config) error {
	var left string
	for end := time.Now().Add(15 * time.Second); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		left = ""
		for _, root := range cgroupRoots() {
			own := filepath.Join(root, cgroup(c))
			removeTree(own)
			if _, err := os.Stat(own); err == nil {
				left = own
			}
		}
		if _, err := os.Stat("/sys/class/net/" + c.Link.Name); err == nil {
			left = "the link " + c.Link.Name
		}
		if left == "" {
			return nil
		}
	}
	return fmt.Errorf("%s of an earlier run does not go away", left)
}

func removeTree(folder string) {
	entries, _ := os.ReadDir(folder)
	for _, e := range entries {
		if e.IsDir() {
			removeTree(filepath.Join(folder, e.Name()))
		}
	}
	_ = syscall.Rmdir(folder)
}
