package main

import (
	"errors"
	"fmt"
	"io/fs"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// XFS, not ext4: growing a mounted ext4 asks for CAP_SYS_RESOURCE, which not every machine gives.
// mkfs.xfs refuses less than this.
const smallest = 300 << 20

// Volumes are files on the disk, each mounted at a place of its own. The places are made at a mount and are in
// memory: where no volume is mounted there is no folder, and kubelet waits instead of giving a pod an empty one.
type volumes struct {
	files  string
	mounts string
}

func (v volumes) file(name string) string  { return filepath.Join(v.files, name+".xfs") }
func (v volumes) mount(name string) string { return filepath.Join(v.mounts, name) }

// mountAll says what it cannot mount and goes on: one broken volume must not keep the others' pods from starting.
// The controller tries it again for as long as its claim is there.
func (v volumes) mountAll() {
	files, err := filepath.Glob(filepath.Join(v.files, "*.xfs"))
	if err != nil {
		log.Fatal(err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".xfs")
		if err := v.attach(name); err != nil {
			log.Print(err)
		}
	}
}

// create makes the volume and mounts it; one that exists already, from an attempt that was cut off, is taken.
func (v volumes) create(name string, size int64) (int64, error) {
	size = max(size, smallest)
	file := v.file(name)
	if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
		unfinished := file + ".new"
		if err := os.WriteFile(unfinished, nil, 0o600); err != nil {
			return 0, err
		}
		if err := os.Truncate(unfinished, size); err != nil {
			return 0, err
		}
		if err := run("mkfs.xfs", "-q", "-f", unfinished); err != nil {
			return 0, err
		}
		if err := os.Rename(unfinished, file); err != nil {
			return 0, err
		}
	}
	return size, v.attach(name)
}

// attach mounts a volume. The loop device goes with its last mount, hence also with the node.
func (v volumes) attach(name string) error {
	at := v.mount(name)
	if mounted(at) {
		return nil
	}
	if err := os.MkdirAll(at, 0o755); err != nil {
		return err
	}
	// discard gives the space of deleted files back to the disk below.
	if err := run("mount", "-t", "xfs", "-o", "loop,discard,noatime", v.file(name), at); err != nil {
		return errors.Join(err, os.Remove(at))
	}
	// A growth that was cut off after the file's is finished here; else this changes nothing.
	return run("xfs_growfs", at)
}

// grow makes the volume larger while it is in use.
func (v volumes) grow(name string, size int64) error {
	file, at := v.file(name), v.mount(name)
	info, err := os.Stat(file)
	if err != nil {
		return err
	}
	if info.Size() < size {
		if err := os.Truncate(file, size); err != nil {
			return err
		}
	}
	device, err := exec.Command("findmnt", "--noheadings", "--output", "SOURCE", "--mountpoint", at).Output()
	if err != nil {
		return fmt.Errorf("%s is not mounted", at)
	}
	if err := run("losetup", "--set-capacity", strings.TrimSpace(string(device))); err != nil {
		return err
	}
	return run("xfs_growfs", at)
}

func (v volumes) remove(name string) error {
	at := v.mount(name)
	if mounted(at) {
		if err := run("umount", at); err != nil {
			return err
		}
	}
	if err := os.Remove(at); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.Remove(v.file(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func mounted(at string) bool {
	return exec.Command("mountpoint", "--quiet", at).Run() == nil
}

func run(command string, args ...string) error {
	if out, err := exec.Command(command, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s %s: %w: %s", command, strings.Join(args, " "), err, strings.TrimSpace(string(out)))
	}
	return nil
}
