package main

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"time"
)

// usage is what a process has cost so far, or between two looks.
type usage struct {
	at     time.Time
	cpu    time.Duration
	cores  float64 // between two looks: of one core
	rssMiB float64
	pssMiB float64 // shared pages counted by their share
}

// ticksPerSecond is USER_HZ, which Linux shows as 100 on every machine that we build for.
const ticksPerSecond = 100

func (p *process) usage() (usage, error) { return usageOf(p.cmd.Process.Pid) }

// usageOf reads /proc.
func usageOf(pid int) (usage, error) {
	dir := fmt.Sprintf("/proc/%d/", pid)
	b, err := os.ReadFile(dir + "stat")
	if err != nil {
		return usage{}, err
	}
	f := bytes.Fields(b[bytes.LastIndexByte(b, ')')+1:]) // from field 3 on
	u := usage{at: time.Now()}
	for _, i := range []int{11, 12} { // utime, stime
		n, err := strconv.ParseInt(string(f[i]), 10, 64)
		if err != nil {
			return usage{}, fmt.Errorf("read %sstat: %w", dir, err)
		}
		u.cpu += time.Duration(n) * time.Second / ticksPerSecond
	}
	if u.rssMiB, err = kib(dir+"status", "VmRSS:"); err != nil {
		return usage{}, err
	}
	u.pssMiB, err = kib(dir+"smaps_rollup", "Pss:")
	return u, err
}

func kib(path, name string) (float64, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return 0, err
	}
	for line := range bytes.Lines(b) {
		if f := bytes.Fields(line); len(f) > 1 && string(f[0]) == name {
			n, err := strconv.ParseFloat(string(f[1]), 64)
			return n / 1024, err
		}
	}
	return 0, fmt.Errorf("%s has no %s", path, name)
}

func (u usage) since(before usage) usage {
	u.cores = float64(u.cpu-before.cpu) / float64(u.at.Sub(before.at))
	return u
}
