package main

import (
	"errors"
	"fmt"
	"log"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// A status is what is known of one component, written down at every change.
type status struct {
	// Pid inside the node; 0 while the component waits to be started.
	Pid      int       `json:"pid"`
	Started  time.Time `json:"started"`
	Restarts int       `json:"restarts"`
	// Ended is how the last run ended, empty for the first run.
	Ended string `json:"ended"`
}

// A table starts processes and hears of their end. As PID 1 it is also told of orphans' ends, so one place
// must wait for all of them.
type table struct {
	sync.Mutex
	waiting  map[int]chan syscall.WaitStatus
	status   map[string]*status
	stopping bool
}

var errStopping = errors.New("stopping")

func (t *table) start(command []string, output *os.File) (int, chan syscall.WaitStatus, error) {
	null, err := os.Open(os.DevNull)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = null.Close() }()
	// Held over the fork, so that the reaper cannot meet a process that is not noted yet.
	t.Lock()
	defer t.Unlock()
	if t.stopping {
		return 0, nil, errStopping
	}
	path := command[0]
	if !strings.Contains(path, "/") {
		if path, err = lookPath(path); err != nil {
			return 0, nil, err
		}
	}
	p, err := os.StartProcess(path, command, &os.ProcAttr{
		Files: []*os.File{null, output, output},
		Env:   os.Environ(),
		Sys:   &syscall.SysProcAttr{Setsid: true},
	})
	if err != nil {
		return 0, nil, err
	}
	ended := make(chan syscall.WaitStatus, 1)
	pid := p.Pid
	t.waiting[pid] = ended
	return pid, ended, p.Release()
}

func lookPath(name string) (string, error) {
	for _, folder := range strings.Split(os.Getenv("PATH")+":/usr/sbin:/sbin", ":") {
		path := filepath.Join(folder, name)
		if info, err := os.Stat(path); err == nil && info.Mode()&0o111 != 0 && !info.IsDir() {
			return path, nil
		}
	}
	return "", fmt.Errorf("%s is not on PATH", name)
}

func (t *table) reap() {
	died := make(chan os.Signal, 1)
	signal.Notify(died, syscall.SIGCHLD)
	for {
		for {
			var s syscall.WaitStatus
			pid, err := syscall.Wait4(-1, &s, syscall.WNOHANG, nil)
			if err == syscall.EINTR {
				continue
			}
			if err != nil || pid <= 0 {
				break
			}
			t.Lock()
			if c, ok := t.waiting[pid]; ok {
				c <- s
				delete(t.waiting, pid)
			}
			t.Unlock()
		}
		<-died
	}
}

// run waits for the command's end.
func (t *table) run(name string, command []string) error {
	_, ended, err := t.start(command, os.Stderr)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if s := <-ended; s.ExitStatus() != 0 {
		return fmt.Errorf("%s: %s: %s", name, strings.Join(command, " "), describe(s))
	}
	return nil
}

// keep starts a component whenever it is not there, at most every 15 s when it cannot stay.
func (t *table) keep(c component) {
	now := &status{}
	t.Lock()
	t.status[c.Name] = now
	t.Unlock()
	const shortest, longest = 250 * time.Millisecond, 15 * time.Second
	pause := shortest
	for {
		for _, socket := range c.After {
			waitFor(socket)
		}
		began := time.Now()
		output := logTo(c.Name)
		pid, ended, err := t.start(c.Command, output)
		if errors.Is(err, errStopping) {
			return
		}
		if err != nil {
			fmt.Fprintf(output, "supervise: %s: %v\n", c.Name, err)
			t.note(now, func() { now.Ended = err.Error() })
		} else {
			t.note(now, func() { now.Pid, now.Started = pid, began.UTC() })
			how := describe(<-ended)
			fmt.Fprintf(output, "supervise: %s %s after %s\n", c.Name, how, time.Since(began).Round(time.Millisecond))
			t.note(now, func() { now.Pid, now.Ended, now.Restarts = 0, how, now.Restarts+1 })
		}
		if output != os.Stderr {
			_ = output.Close()
		}
		if time.Since(began) > 30*time.Second {
			pause = shortest
		}
		time.Sleep(pause)
		pause = min(2*pause, longest)
	}
}

func (t *table) note(_ *status, change func()) {
	t.Lock()
	defer t.Unlock()
	change()
	writeStatus(t.status)
}

// end asks everything to finish and gives it 10 s; the kernel ends the rest with PID 1.
func (t *table) end() {
	t.Lock()
	t.stopping = true
	for name, s := range t.status {
		// These hold nothing that is not in etcd, and kubelet would start again what ends.
		if s.Pid > 0 && name != "etcd" && name != "containerd" {
			_ = syscall.Kill(s.Pid, syscall.SIGKILL)
		}
	}
	t.Unlock()
	_ = syscall.Kill(-1, syscall.SIGTERM)
	for limit := time.Now().Add(10 * time.Second); time.Now().Before(limit) && busy(); {
		time.Sleep(50 * time.Millisecond)
	}
	syscall.Sync()
}

// busy tells whether anything but containers' shims is left; those wait for somebody to ask how it ended.
func busy() bool {
	entries, _ := os.ReadDir("/proc")
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil || pid == 1 {
			continue
		}
		name, err := os.ReadFile(filepath.Join("/proc", e.Name(), "comm"))
		if err == nil && !strings.HasPrefix(string(name), "containerd-shim") && !zombie(e.Name()) {
			return true
		}
	}
	return false
}

func zombie(pid string) bool {
	text, err := os.ReadFile(filepath.Join("/proc", pid, "status"))
	return err != nil || strings.Contains(string(text), "State:\tZ")
}

func waitFor(socket string) {
	network, address, _ := strings.Cut(socket, ":")
	for {
		if c, err := net.DialTimeout(network, address, time.Second); err == nil {
			_ = c.Close()
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// logTo opens a component's log; one that grew beyond 10 MB becomes the old one first. The file is opened
// again at each start only, so a component's run can exceed that: 10 MB are weeks of what they say. Where it
// cannot be opened, our own standard error takes its place, and must stay open.
func logTo(name string) *os.File {
	path := filepath.Join(inside, "logs", name+".log")
	if info, err := os.Stat(path); err == nil && info.Size() > 10<<20 {
		_ = os.Rename(path, path+".1")
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		log.Print(err)
		return os.Stderr
	}
	return file
}

func describe(s syscall.WaitStatus) string {
	if s.Signaled() {
		return "was ended by " + s.Signal().String()
	}
	return fmt.Sprintf("exited with %d", s.ExitStatus())
}
