package dispatcher

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"lifeline120/internal/desk"
	"lifeline120/internal/link"
	"lifeline120/internal/store"
	pb "lifeline120/internal/wire/proto"
	"lifeline120/maps"
)

// BenchmarkDeskActUnderFlood is a desk that acts twenty times a second on a real disk while one unit sends notes as fast as they are taken
// (ALM-006). Beside it the same desk without the flood, and what one commit costs.
func BenchmarkDeskActUnderFlood(b *testing.B) {
	for _, flooded := range []bool{false, true} {
		b.Run(fmt.Sprint("flood=", flooded), func(b *testing.B) {
			ctx, cancel := context.WithCancel(b.Context())
			st, err := store.Open(ctx, store.Config{Dir: b.TempDir(), Demo: true})
			if err != nil {
				b.Fatal(err)
			}
			defer func() { _ = st.Close() }()
			city, err := maps.Load(maps.Demo())
			if err != nil {
				b.Fatal(err)
			}
			a := &air{}
			c, err := NewCentre(ctx, CentreConfig{City: city, Store: st, Dialer: a, AsideFile: filepath.Join(b.TempDir(), "u.log"), Log: slog.New(slog.DiscardHandler)})
			if err != nil {
				b.Fatal(err)
			}
			ended := make(chan error, 1)
			go func() { ended <- c.Run(ctx) }()
			for ready := false; !ready; time.Sleep(10 * time.Millisecond) {
				a.mu.Lock()
				ready = a.subs[link.Topic("demo", "+", link.UpUrgent)] != nil
				a.mu.Unlock()
			}
			var sent atomic.Int64
			flood := make(chan struct{})
			go func() {
				defer close(flood)
				v := newVan(a, "u01")
				for i := 0; flooded && ctx.Err() == nil; i++ {
					c.quota.mu.Lock()
					full := c.quota.waiting[share{unit: "u01"}] >= queueOfUnit
					c.quota.mu.Unlock()
					if full {
						time.Sleep(100 * time.Microsecond)
						continue
					}
					v.urgent(pb.Kind_KIND_NOTE, &pb.Note{Id: fmt.Sprint("n", i), Text: "x", By: "李", AtUs: v.us()})
					sent.Add(1)
				}
			}()
			time.Sleep(time.Second)
			var took []time.Duration
			who := desk.Actor{By: "张调度", Desk: "d1", Role: "dispatcher"}
			roles := []string{"dispatcher", "supervisor"}
			for b.Loop() {
				time.Sleep(50 * time.Millisecond)
				role := roles[len(took)%2] // another than before: an event
				began := time.Now()
				if _, err := c.Do(ctx, who, func(*desk.State, time.Time) (desk.Command, error) { return desk.LogOn{Desk: "d1", Role: role}, nil }); err != nil {
					b.Fatal(err)
				}
				took = append(took, time.Since(began))
			}
			slices.Sort(took)
			ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
			b.ReportMetric(ms(took[len(took)/2]), "median-ms")
			b.ReportMetric(ms(took[len(took)*99/100]), "p99-ms")
			b.ReportMetric(ms(took[len(took)-1]), "worst-ms")
			b.ReportMetric(float64(sent.Load()), "notes")
			cancel()
			<-flood
			if err := <-ended; err != nil {
				b.Error(err)
			}
		})
	}
}
