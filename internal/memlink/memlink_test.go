package memlink

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"lifeline120/internal/link"
	"lifeline120/internal/link/linktest"
)

func TestMemlink_PassesTheSuite(t *testing.T) {
	linktest.Run(t, func(t *testing.T) linktest.Broker {
		b := New(1)
		t.Cleanup(func() { _ = b.Close() })
		return b
	})
}

// storm runs three talkers and a listener through faults, and writes down all that the listener got and when.
func storm(t *testing.T, seed uint64) (log []string) {
	synctest.Test(t, func(t *testing.T) {
		b := New(seed)
		defer b.Close() //nolint:errcheck // never fails
		start := time.Now()
		ctx := context.Background()
		sub, err := b.Dialer("sub").Dial(ctx, link.Options{ClientID: "sub", Persist: true, OnEvent: func(e link.Event) {
			log = append(log, fmt.Sprint(time.Since(start), " up ", e.Up))
		}})
		if err != nil {
			t.Fatal(err)
		}
		if err := sub.Subscribe(ctx, "t/#", 1, func(m link.Message) {
			log = append(log, fmt.Sprint(time.Since(start), " ", m.Topic, " ", string(m.Payload)))
			if m.Ack != nil {
				m.Ack()
			}
		}); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"a", "b", "c"} {
			b.SetFaults(name, Faults{Loss: 0.1, Dup: 0.1, Reorder: 0.1, DelayMin: time.Millisecond, DelayMax: 300 * time.Millisecond})
			pub, err := b.Dialer(name).Dial(ctx, link.Options{ClientID: name, Will: &link.Message{Topic: "t/will", QoS: 1, Payload: []byte(name)}})
			if err != nil {
				t.Fatal(err)
			}
			go func() {
				for i := range 300 {
					time.Sleep(10 * time.Millisecond) // fake time
					_ = pub.Publish(link.Message{Topic: "t/" + name, QoS: byte(i % 2), Payload: []byte(fmt.Sprint(i))})
				}
			}()
		}
		for _, do := range []func(){
			func() { b.Cut("a") }, func() { b.Restart(true) }, func() { b.Heal("a") }, func() { b.Cut("sub") },
			func() { b.Heal("sub") }, func() { b.Stall("b") }, func() { b.Restart(false) }, func() { b.Heal("b") },
		} {
			time.Sleep(403 * time.Millisecond) // fake time; not at the instant of a publish
			do()
		}
		time.Sleep(time.Minute) // fake time
		synctest.Wait()
	})
	return log
}

func TestMemlink_SeedReproducesARun(t *testing.T) {
	first := storm(t, 7)
	if len(first) < 300 || !strings.Contains(strings.Join(first, "\n"), "t/will") {
		t.Fatalf("only %d lines: the run proves nothing", len(first))
	}
	for range 3 {
		again := storm(t, 7)
		if !slices.Equal(first, again) {
			for i := range min(len(first), len(again)) {
				if first[i] != again[i] {
					t.Fatalf("line %d differs: %q and %q", i, first[i], again[i])
				}
			}
			t.Fatalf("%d lines and %d", len(first), len(again))
		}
	}
	if slices.Equal(first, storm(t, 8)) {
		t.Fatal("another seed gave the same run")
	}
}

func TestMemlink_FaultsDoWhatTheySay(t *testing.T) {
	for name, c := range map[string]struct {
		f     Faults
		check func(got []string) bool
	}{
		"perfect":   {Faults{}, func(g []string) bool { return len(g) == 200 && inOrder(g) }},
		"loss":      {Faults{Loss: 0.5}, func(g []string) bool { return len(g) > 50 && len(g) < 150 && inOrder(g) }},
		"dup":       {Faults{Dup: 0.5}, func(g []string) bool { return len(g) > 250 && len(g) < 350 }},
		"delay":     {Faults{DelayMin: time.Millisecond, DelayMax: time.Second}, func(g []string) bool { return len(g) == 200 && inOrder(g) }},
		"reordered": {Faults{Reorder: 0.2, DelayMax: time.Second}, func(g []string) bool { return len(g) == 200 && !inOrder(g) }},
	} {
		synctest.Test(t, func(t *testing.T) {
			b := New(3)
			defer b.Close() //nolint:errcheck // never fails
			b.SetFaults("pub", c.f)
			ctx := context.Background()
			var got []string
			sub, err := b.Dialer("sub").Dial(ctx, link.Options{ClientID: "sub"})
			if err != nil {
				t.Fatal(err)
			}
			if err := sub.Subscribe(ctx, "t", 0, func(m link.Message) { got = append(got, string(m.Payload)) }); err != nil {
				t.Fatal(err)
			}
			pub, err := b.Dialer("pub").Dial(ctx, link.Options{ClientID: "pub"})
			if err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Second) // fake time
			for i := range 200 {
				if err := pub.Publish(link.Message{Topic: "t", Payload: []byte(fmt.Sprintf("%03d", i))}); err != nil {
					t.Fatal(err)
				}
			}
			time.Sleep(time.Minute) // fake time
			synctest.Wait()
			if !c.check(got) {
				t.Errorf("%s: got %d: %v", name, len(got), got)
			}
		})
	}
}

func inOrder(g []string) bool { return slices.IsSorted(g) }

// A line that lets nothing pass is noticed by both ends after Silence: the link is told, the will goes out.
func TestMemlink_SilenceIsNoticed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := New(4)
		defer b.Close() //nolint:errcheck // never fails
		ctx := context.Background()
		var at []time.Duration
		start := time.Now()
		if _, err := b.Dialer("unit").Dial(ctx, link.Options{ClientID: "unit", Will: &link.Message{Topic: "w", Payload: []byte("lost")},
			OnEvent: func(e link.Event) { at = append(at, time.Since(start).Truncate(time.Second)) }}); err != nil {
			t.Fatal(err)
		}
		sub, err := b.Dialer("sub").Dial(ctx, link.Options{ClientID: "sub"})
		if err != nil {
			t.Fatal(err)
		}
		wills := 0
		if err := sub.Subscribe(ctx, "w", 0, func(link.Message) { wills++ }); err != nil {
			t.Fatal(err)
		}
		b.Stall("unit")
		time.Sleep(Silence + time.Second) // fake time
		synctest.Wait()
		if !slices.Equal(at, []time.Duration{0, Silence}) || wills != 1 {
			t.Fatalf("events at %v, %d wills; want up at 0, down at %v, one will", at, wills, Silence)
		}
		b.Heal("unit")
		time.Sleep(backOffMost + time.Second) // fake time
		synctest.Wait()
		if len(at) != 3 {
			t.Fatalf("events at %v: the link has not come back", at)
		}
	})
}

// What several goroutines publish at one instant is lost or doubled alike, whichever of them came first; no two messages arrive at one instant.
func TestMemlink_OrderOfOneInstant(t *testing.T) {
	run := func(topics ...string) (got []string) {
		synctest.Test(t, func(t *testing.T) {
			b := New(5)
			defer b.Close() //nolint:errcheck // never fails
			for _, name := range []string{"sub", "pub"} {
				b.SetFaults(name, Faults{Loss: 0.2, Dup: 0.2, DelayMin: time.Millisecond, DelayMax: 50 * time.Millisecond})
			}
			start, ctx := time.Now(), context.Background()
			var last time.Time
			sub, err := b.Dialer("sub").Dial(ctx, link.Options{ClientID: "sub"})
			if err != nil {
				t.Fatal(err)
			}
			if err := sub.Subscribe(ctx, "t/+", 0, func(m link.Message) {
				if time.Now().Equal(last) {
					t.Errorf("two messages arrived %v after the start", time.Since(start))
				}
				last = time.Now()
				got = append(got, m.Topic+" "+string(m.Payload))
			}); err != nil {
				t.Fatal(err)
			}
			pub, err := b.Dialer("pub").Dial(ctx, link.Options{ClientID: "pub"})
			if err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Second) // fake time
			for i := range 50 {
				for _, topic := range topics {
					if err := pub.Publish(link.Message{Topic: topic, Payload: []byte(fmt.Sprint(i))}); err != nil {
						t.Fatal(err)
					}
				}
				time.Sleep(3 * time.Millisecond) // fake time
			}
			time.Sleep(time.Minute) // fake time
		})
		slices.Sort(got)
		return got
	}
	one, other := run("t/a", "t/b", "t/c"), run("t/c", "t/a", "t/b")
	if len(one) < 50 || !slices.Equal(one, other) {
		t.Errorf("%d and %d messages:\n%v\n%v", len(one), len(other), one, other)
	}
}
