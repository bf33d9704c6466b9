// Probe is what the tests run in a pod: it looks at the cluster from there.
package main

import (
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"
)

func main() {
	said, err := probe(os.Args[1], os.Args[2:])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(said)
}

func probe(what string, args []string) (string, error) {
	switch what {
	case "wait":
		end := make(chan os.Signal, 1)
		signal.Notify(end, syscall.SIGTERM)
		<-end
		return "ended", nil
	case "write":
		return "", os.WriteFile(args[0], []byte(args[1]), 0o600)
	case "read":
		text, err := os.ReadFile(args[0])
		return string(text), err
	case "fill":
		// Writes until the volume is full; says how many MiB it took.
		file, err := os.Create(args[0])
		if err != nil {
			return "", err
		}
		written := 0
		for block := make([]byte, 1<<20); err == nil; written++ {
			_, err = file.Write(block)
		}
		return fmt.Sprint(written), os.Remove(args[0])
	case "size":
		var s syscall.Statfs_t
		err := syscall.Statfs(args[0], &s)
		return fmt.Sprint(int64(s.Blocks) * s.Bsize >> 20), err
	case "resolve":
		addresses, err := net.LookupHost(args[0])
		return strings.Join(addresses, " "), err
	case "get":
		client := http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{
			TLSClientConfig: &tls.Config{InsecureSkipVerify: true},
		}}
		answer, err := client.Get(args[0])
		if err != nil {
			return "", err
		}
		defer func() { _ = answer.Body.Close() }()
		text, err := io.ReadAll(answer.Body)
		return string(text), err
	case "knock":
		// Tries all addresses from its first moment on, and says of each when it was first reached. It waits for no
		// answer: while one attempt is lost, the way may be open for another.
		began := time.Now()
		for _, address := range args {
			go func() {
				var said sync.Once
				for ; ; time.Sleep(20 * time.Millisecond) {
					go func() {
						if c, err := net.DialTimeout("tcp", address, 200*time.Millisecond); err == nil {
							_ = c.Close()
							said.Do(func() { fmt.Println(address, "after", time.Since(began).Round(time.Millisecond)) })
						}
					}()
				}
			}()
		}
		return probe("wait", nil)
	case "connect":
		c, err := net.DialTimeout("tcp", args[0], 2*time.Second)
		if err != nil {
			return "no", nil
		}
		return "yes", c.Close()
	}
	return "", fmt.Errorf("probe knows no %s", what)
}
