package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"lifeline120/internal/link"
	"lifeline120/internal/mqttlink"
)

// samples are durations of the same thing.
type samples []time.Duration

// at is the quantile q of 1,000: 500 is the median. It is 0 when there are none.
func (s samples) at(permille int) time.Duration {
	if len(s) == 0 {
		return 0
	}
	c := slices.Sorted(slices.Values(s))
	return c[min(len(c)-1, len(c)*permille/1000)]
}

// bareBroker sends messages of 400 bytes with QoS 1 from one bare connection to another, one after another and eight a second, until ctx ends:
// what any message through this broker costs now.
func (x *centre) bareBroker(ctx context.Context) (samples, error) {
	const topic = "bench/bare"
	d := mqttlink.NewDialer(mqttlink.Config{URL: x.broker})
	up := make(chan struct{}, 8)
	open := func(name string) (link.Link, error) {
		return d.Dial(ctx, link.Options{ClientID: "bench-" + name, OnEvent: func(e link.Event) {
			if e.Up {
				up <- struct{}{}
			}
		}})
	}
	from, err := open("from")
	if err != nil {
		return nil, err
	}
	defer from.Close()
	to, err := open("to")
	if err != nil {
		return nil, err
	}
	defer to.Close()
	type got struct {
		n  uint64
		at time.Time
	}
	came := make(chan got, 16)
	if err := to.Subscribe(ctx, topic, 1, func(m link.Message) {
		at := time.Now()
		m.Ack()
		select {
		case came <- got{binary.BigEndian.Uint64(m.Payload), at}:
		default:
		}
	}); err != nil {
		return nil, err
	}
	<-up
	<-up
	var out samples
	for n := uint64(1); ctx.Err() == nil; n++ {
		payload := binary.BigEndian.AppendUint64(nil, n)
		payload = append(payload, make([]byte, 392)...)
		began := time.Now()
		if err := from.Publish(link.Message{Topic: topic, QoS: 1, Payload: payload}); err != nil {
			return out, fmt.Errorf("bare message: %w", err)
		}
		for waiting := true; waiting; {
			select {
			case g := <-came:
				if waiting = g.n != n; !waiting {
					out = append(out, g.at.Sub(began))
				}
			case <-time.After(10 * time.Second):
				return out, errors.New("bare message: it did not come in 10 s")
			case <-ctx.Done():
				return out, nil
			}
		}
		rest(ctx, 125*time.Millisecond)
	}
	return out, nil
}

// bareSync appends 400 bytes to a file and syncs it, again and again.
func bareSync(dir string, d time.Duration) (samples, error) {
	f, err := os.Create(filepath.Join(dir, "bare"))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	body := make([]byte, 400)
	var out samples
	for end := time.Now().Add(d); time.Now().Before(end); {
		began := time.Now()
		if _, err := f.Write(body); err != nil {
			return nil, err
		}
		if err := f.Sync(); err != nil {
			return nil, err
		}
		out = append(out, time.Since(began))
	}
	return out, nil
}
