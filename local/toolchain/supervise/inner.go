package main

import (
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// Files which the outer process hands over, in this order; the ports' sockets follow.
const (
	readyFd = 3 + iota
	_       // the lock, held open only
	socketsFd
)

func inner(c *config) error {
	sockets := 0
	for _, f := range c.Forwards {
		sockets += len(f.Listen)
	}
	for fd := readyFd; fd < socketsFd+sockets; fd++ {
		syscall.CloseOnExec(fd)
	}
	if n, _ := os.NewFile(readyFd, "ready").Read(make([]byte, 1)); n != 1 {
		return fmt.Errorf("the outer process gave up")
	}
	if err := mounts(c); err != nil {
		return err
	}
	processes := &table{status: map[string]*status{}, waiting: map[int]chan syscall.WaitStatus{}}
	go processes.reap()
	if err := network(c, processes); err != nil {
		return err
	}
	for _, command := range c.Prepare {
		if err := processes.run("prepare", command); err != nil {
			return err
		}
	}
	for _, each := range c.Components {
		go processes.keep(each)
	}
	next := socketsFd
	for _, f := range c.Forwards {
		for range f.Listen {
			file := os.NewFile(uintptr(next), "port")
			l, err := net.FileListener(file)
			if err != nil {
				return err
			}
			_ = file.Close()
			next++
			go carry(l, f.To)
		}
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	<-stop
	processes.end()
	return nil
}

// mounts gives the node its own /proc, /run and /var: what containerd, runc and kubelet write to fixed places
// there is seen by nobody else and ends with the namespace.
func mounts(c *config) error {
	if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("private mounts: %w", err)
	}
	// Opened while its path can still be seen: it may lie below /run.
	folder, err := os.Open(c.Folder)
	if err != nil {
		return err
	}
	defer func() { _ = folder.Close() }()
	if err := syscall.Mount("proc", "/proc", "proc", syscall.MS_NOSUID|syscall.MS_NODEV|syscall.MS_NOEXEC, ""); err != nil {
		return fmt.Errorf("/proc: %w", err)
	}
	if err := syscall.Mount("run", "/run", "tmpfs", syscall.MS_NOSUID|syscall.MS_NODEV, "mode=755"); err != nil {
		return fmt.Errorf("/run: %w", err)
	}
	for _, folder := range []string{inside, "/run/var", "/run/var-work", "/run/lock", "/run/volumes", "/run/netns"} {
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return err
		}
	}
	if err := bind(fmt.Sprintf("/proc/self/fd/%d", folder.Fd()), inside); err != nil {
		return err
	}
	if err := syscall.Mount("var", "/var", "overlay", 0, "lowerdir=/var,upperdir=/run/var,workdir=/run/var-work"); err != nil {
		return fmt.Errorf("/var: %w", err)
	}
	for from, to := range map[string]string{"kubelet": "/var/lib/kubelet", "pod-logs": "/var/log/pods"} {
		from = filepath.Join(inside, from)
		for _, folder := range []string{from, to} {
			if err := os.MkdirAll(folder, 0o750); err != nil {
				return err
			}
		}
		if err := bind(from, to); err != nil {
			return err
		}
	}
	if _, err := os.Lstat("/var/run"); err != nil {
		if err := os.Symlink("/run", "/var/run"); err != nil {
			return err
		}
	}
	// Kubelet wants shared mounts for volumes; shared among ourselves, the host's are cut off above.
	if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_SHARED, ""); err != nil {
		return fmt.Errorf("shared mounts: %w", err)
	}
	return syscall.Sethostname([]byte("vibecode-" + c.Name))
}

func bind(from, to string) error {
	if err := syscall.Mount(from, to, "", syscall.MS_BIND|syscall.MS_REC, ""); err != nil {
		return fmt.Errorf("%s at %s: %w", from, to, err)
	}
	return nil
}

func network(c *config, processes *table) error {
	l := c.Link
	for _, command := range []string{
		"ip link set lo up",
		fmt.Sprintf("ip address add %s/%d dev eth0", l.Node, l.Bits),
		"ip link set eth0 up",
		"ip route add default via " + l.Host,
	} {
		if err := processes.run("network", strings.Fields(command)); err != nil {
			return err
		}
	}
	if err := nodeTable(c); err != nil {
		return fmt.Errorf("packet filter of the node: %w", err)
	}
	// A connection whose owner was killed lives on in the kernel, and keeps this namespace with its link to the
	// host alive, until it has tried often enough to say goodbye: minutes by default, a second here.
	if err := os.WriteFile("/proc/sys/net/ipv4/tcp_orphan_retries", []byte("1"), 0); err != nil {
		return err
	}
	return os.WriteFile("/proc/sys/net/ipv4/ip_forward", []byte("1"), 0)
}

// carry takes connections from a port of the host to an address of the node.
func carry(l net.Listener, to string) {
	for {
		from, err := l.Accept()
		if err != nil {
			log.Printf("%s: %v", l.Addr(), err)
			time.Sleep(time.Second)
			continue
		}
		go func() {
			defer func() { _ = from.Close() }()
			target, err := net.DialTimeout("tcp", to, 5*time.Second)
			if err != nil {
				return
			}
			defer func() { _ = target.Close() }()
			done := make(chan struct{}, 2)
			for _, way := range [][2]net.Conn{{from, target}, {target, from}} {
				go func() {
					_, _ = io.Copy(way[1], way[0])
					if half, ok := way[1].(*net.TCPConn); ok {
						_ = half.CloseWrite()
					}
					done <- struct{}{}
				}()
			}
			<-done
			<-done
		}()
	}
}

// writeStatus tells the command line what runs. A rename keeps a reader from seeing half a file.
func writeStatus(all map[string]*status) {
	text, err := json.Marshal(all)
	if err != nil {
		return
	}
	path := filepath.Join(inside, "status.json")
	if os.WriteFile(path+".new", text, 0o600) == nil {
		_ = os.Rename(path+".new", path)
	}
}
