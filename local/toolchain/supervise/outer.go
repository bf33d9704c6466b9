package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
)

// The parent's death signal is sent when the thread that forked ends, not the process: fork from the main
// thread only, which lives as long as the process.
func init() { runtime.LockOSThread() }

func outer(c *config, path string) error {
	lock, err := os.OpenFile(filepath.Join(c.Folder, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return fmt.Errorf("%s runs already: %w", c.Name, err)
	}
	if err := removeLeftovers(c); err != nil {
		return err
	}
	if err := makeCgroups(c); err != nil {
		return fmt.Errorf("cgroups: %w", err)
	}
	files, err := listen(c.Forwards)
	if err != nil {
		return err
	}
	ready, begin, err := os.Pipe()
	if err != nil {
		return err
	}

	signals := make(chan os.Signal, 4)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	// Its own path, not /proc/self/exe: ss and ps show the name.
	self, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.Command(self, path)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.ExtraFiles = append([]*os.File{ready, lock}, files...)
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWNET | syscall.CLONE_NEWNS | syscall.CLONE_NEWPID |
			syscall.CLONE_NEWIPC | syscall.CLONE_NEWUTS,
		Pdeathsig: syscall.SIGKILL,
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("namespaces: %w", err)
	}
	if err := hostSide(c, cmd.Process.Pid); err != nil {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		return err
	}
	text, _ := json.Marshal(map[string]int{"outer": os.Getpid(), "inner": cmd.Process.Pid})
	if err := os.WriteFile(filepath.Join(c.Folder, "pids.json"), text, 0o600); err != nil {
		return err
	}
	if _, err := begin.Write([]byte{1}); err != nil {
		return err
	}
	go func() {
		for s := range signals {
			_ = cmd.Process.Signal(s)
		}
	}()
	err = cmd.Wait()
	_ = os.Remove(filepath.Join(c.Folder, "pids.json"))
	if cleanErr := removeLeftovers(c); cleanErr != nil {
		log.Print(cleanErr)
	}
	return err
}

// listen opens the host's ports. The sockets stay in the host's network namespace also when the inner process
// accepts on them, which is all that a forwarder needs.
func listen(forwards []forward) ([]*os.File, error) {
	var files []*os.File
	for _, f := range forwards {
		for _, address := range f.Listen {
			l, err := net.Listen("tcp", address)
			if errors.Is(err, syscall.EADDRNOTAVAIL) || errors.Is(err, syscall.EAFNOSUPPORT) {
				log.Printf("%s: %v, left out", address, err)
				l, err = net.Listen("tcp", "127.0.0.1:0")
			}
			if err != nil {
				return nil, err
			}
			file, err := l.(*net.TCPListener).File()
			if err != nil {
				return nil, err
			}
			_ = l.Close()
			files = append(files, file)
		}
	}
	return files, nil
}

func hostSide(c *config, pid int) error {
	l := c.Link
	for _, args := range [][]string{
		{"link", "add", l.Name, "type", "veth", "peer", "name", "eth0", "netns", fmt.Sprint(pid)},
		{"address", "add", fmt.Sprintf("%s/%d", l.Host, l.Bits), "dev", l.Name},
		{"link", "set", l.Name, "up"},
	} {
		if out, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
			return fmt.Errorf("ip %s: %s", strings.Join(args, " "), strings.TrimSpace(string(out)))
		}
	}
	if err := hostTable(c); err != nil {
		return fmt.Errorf("packet filter: %w", err)
	}
	return os.WriteFile("/proc/sys/net/ipv4/ip_forward", []byte("1"), 0)
}
