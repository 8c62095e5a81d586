package simtown

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"time"

	"lifeline120/internal/memlink"
	"lifeline120/internal/simdevice"
	"lifeline120/internal/store/mem"
)

// mischance is something that fate does; weight is how often, compared with the others.
type mischance struct {
	name   string
	weight int
	do     func(*Town, *rand.Rand)
}

// mischances is everything that goes wrong in a town.
var mischances = []mischance{
	{"link of a unit is cut", 10, (*Town).cutLink},
	{"bad weather for a unit", 8, (*Town).storm},
	{"bad weather at the centre", 3, (*Town).stormAtCentre},
	{"broker dies with all it holds", 4, (*Town).brokerDies},
	{"power of a vehicle fails", 8, (*Town).powerFails},
	{"vehicle is restarted in good order", 3, func(w *Town, r *rand.Rand) {
		v := w.some(r)
		v.stop()
		time.Sleep(between(r, time.Millisecond, 5*time.Second))
		v.start()
	}},
	{"clock of a vehicle is turned", 5, func(w *Town, r *rand.Rand) {
		w.some(r).step(between(r, -3*time.Minute, 3*time.Minute))
	}},
	{"dispatcher is killed", 7, (*Town).dispatcherDies},
	{"dispatcher is restarted in good order", 2, func(w *Town, r *rand.Rand) {
		w.centre.setSilent(false)
		w.centre.stop()
		time.Sleep(between(r, time.Millisecond, 5*time.Second))
		w.centre.start()
	}},
	{"store falls silent", 6, func(w *Town, r *rand.Rand) {
		w.centre.setSilent(true)
		time.AfterFunc(between(r, 300*time.Millisecond, 9*time.Second), func() { w.centre.setSilent(false) })
	}},
	{"store is slow", 3, func(w *Town, r *rand.Rand) {
		w.centre.disk.SetDelay(between(r, 20*time.Millisecond, 700*time.Millisecond))
		time.AfterFunc(between(r, time.Second, 10*time.Second), func() { w.centre.disk.SetDelay(0) })
	}},
	{"answers of the store are lost", 4, func(w *Town, r *rand.Rand) { w.centre.disk.LoseAnswers(1 + r.IntN(3)) }},
	{"an old backup of the store is put back", 2, (*Town).restoreStore},
	{"cable is pulled", 6, func(w *Town, r *rand.Rand) {
		v := w.some(r)
		d := v.names()[r.IntN(len(v.names()))]
		v.unplug(d, true)
		time.AfterFunc(between(r, time.Second, 20*time.Second), func() { v.unplug(d, false) })
	}},
	{"line stalls", 3, func(w *Town, r *rand.Rand) {
		v := w.some(r)
		v.stall(devMonitor, true)
		time.AfterFunc(between(r, 500*time.Millisecond, 8*time.Second), func() { v.stall(devMonitor, false) })
	}},
	{"probe falls off", 8, func(w *Town, r *rand.Rand) {
		v := w.some(r)
		f := []simdevice.Fault{simdevice.FingerOff, simdevice.ProbeUnplugged, simdevice.LeadOff, simdevice.FlipBits, simdevice.DropBytes, simdevice.Silent}[r.IntN(6)]
		d := v.monitors()[r.IntN(len(v.monitors()))]
		v.fault(d, f, true)
		time.AfterFunc(between(r, time.Second, 15*time.Second), func() { v.fault(d, f, false) })
	}},
	{"receiver is in trouble", 6, func(w *Town, r *rand.Rand) {
		v := w.some(r)
		f := receiverFaults[r.IntN(len(receiverFaults))]
		v.receiverFault(f, true)
		long := between(r, time.Second, 20*time.Second)
		time.AfterFunc(long, func() { v.receiverFault(f, false) })
		if long > 2*lineDelay && r.IntN(2) == 0 { // and somebody needs help just there
			c := &crewMember{w: w, v: v, r: w.chance("tunnel/" + w.id("tunnel"))}
			id := "sos-" + string(v.unit.ID) + "-there" + strings.TrimPrefix(w.id("t"), "t-")
			time.AfterFunc(2*lineDelay, func() { w.people.Go(func() { c.press(c.r, id) }) })
		}
	}},
	{"disk of a vehicle refuses", 4, (*Town).diskRefuses},
	{"an old image of a vehicle's disk is put back", 2, (*Town).restoreVehicle},
}

// receiverFaults are those that fate knows.
var receiverFaults = [...]simdevice.ReceiverFault{simdevice.FixLost, simdevice.ClockFrozen, simdevice.PositionJump}

func (w *Town) some(r *rand.Rand) *vehicle { return w.units[r.IntN(len(w.units))] }

// fate strikes every few seconds.
func (w *Town) fate(ctx context.Context) {
	r := w.chance("fate")
	total := 0
	for _, m := range mischances {
		total += m.weight
	}
	for w.wait(ctx, between(r, time.Second, 9*time.Second)) {
		n := r.IntN(total)
		for _, m := range mischances {
			if n -= m.weight; n < 0 {
				w.log.Info("FATE: " + m.name)
				m.do(w, r)
				break
			}
		}
	}
}

// modem of a vehicle that runs; nil when it is off.
func (v *vehicle) modem() *modem {
	if p := v.process(); p != nil {
		return p.modem
	}
	return nil
}

func (w *Town) cutLink(r *rand.Rand) {
	silently, long, m := r.IntN(3) == 0, between(r, 500*time.Millisecond, 50*time.Second), w.some(r).modem()
	if m == nil {
		return
	}
	w.oracle.count(func(p *Report) { p.Cuts++ })
	m.cut(silently)
	time.AfterFunc(long, m.mend)
}

// weather draws bad weather.
func weather(r *rand.Rand) memlink.Faults {
	return memlink.Faults{Loss: r.Float64() * 0.4, Dup: r.Float64() * 0.3, Reorder: r.Float64() * 0.4, DelayMin: time.Millisecond,
		DelayMax: between(r, 10*time.Millisecond, 2500*time.Millisecond)}
}

func (w *Town) storm(r *rand.Rand) {
	bad, m := weather(r), w.some(r).modem()
	long := between(r, 5*time.Second, 40*time.Second)
	if m != nil {
		m.setWeather(bad)
		time.AfterFunc(long, func() { m.setWeather(clearSky) })
	}
}

func (w *Town) stormAtCentre(r *rand.Rand) {
	bad, d := weather(r), w.centre.process()
	if d != nil {
		d.modem.setWeather(bad)
		time.AfterFunc(between(r, 2*time.Second, 15*time.Second), func() { d.modem.setWeather(clearSky) })
	}
}

func (w *Town) brokerDies(r *rand.Rand) { w.air.broker.Restart(r.IntN(3) == 0) }

func (w *Town) powerFails(r *rand.Rand) {
	v := w.some(r)
	v.crash()
	time.Sleep(between(r, time.Millisecond, 8*time.Second))
	v.start()
}

func (w *Town) dispatcherDies(r *rand.Rand) {
	w.oracle.count(func(p *Report) { p.Kills++ })
	w.centre.kill()
	w.centre.setSilent(false)
	w.centre.disk.LoseAnswers(0)
	time.Sleep(between(r, time.Millisecond, 6*time.Second))
	w.centre.start()
}

// restoreStore takes a backup, lets life go on, and puts it back after the dispatcher was stopped, under its old id or a new one.
func (w *Town) restoreStore(r *rand.Rand) {
	w.centre.setSilent(false)
	backup := w.centre.disk.Clone()
	at := now()
	time.Sleep(between(r, 2*time.Second, 15*time.Second))
	w.RestoreStore(backup, at, r.IntN(2) == 0)
}

// RestoreStore puts a backup of the store back that was taken at a time.
func (w *Town) RestoreStore(backup *mem.Disk, at time.Time, renamed bool) {
	id := ""
	if renamed {
		id = w.id("store")
	}
	w.centre.setSilent(false)
	w.centre.kill()
	w.centre.disk.Restore(backup, id)
	w.oracle.restored(at)
	w.centre.start()
}

func (w *Town) diskRefuses(r *rand.Rand) {
	v := w.some(r)
	v.mu.Lock()
	d := v.disk
	v.mu.Unlock()
	d.Refuse(errors.New("no space left on device"))
	time.Sleep(between(r, 200*time.Millisecond, 6*time.Second))
	d.Refuse(nil)
}

// restoreVehicle puts an older image of the disk into a vehicle: it uses numbers that it has used already (DLV-002).
func (w *Town) restoreVehicle(r *rand.Rand) {
	v := w.some(r)
	image, at := v.image(), now()
	time.Sleep(between(r, time.Second, 15*time.Second))
	v.crash()
	v.restore(image)
	w.oracle.rolledBack(v, at)
	time.Sleep(between(r, time.Millisecond, 3*time.Second))
	v.start()
}
