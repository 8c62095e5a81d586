package agent

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"lifeline120/internal/cab"
	"lifeline120/internal/courier"
	"lifeline120/internal/ems"
	"lifeline120/internal/vitals"
	"lifeline120/internal/webfeed"
	"lifeline120/internal/wire"
	pb "lifeline120/internal/wire/proto"
)

// Topic is the one topic of the terminal's feed.
const Topic = "terminal"

func sorted[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }

// showAll publishes everything that acts can change.
func (v *Vehicle) showAll() {
	ops := []wire.Op{webfeed.Set("units", string(v.Config.Unit), v.unitView())}
	for id, o := range v.cab.Orders {
		ops = append(ops, webfeed.Set("orders", string(id), o))
	}
	for id, o := range v.cab.Earlier {
		ops = append(ops, webfeed.Set("earlier", string(id), o))
	}
	for id, m := range v.cab.Missions {
		m.Unit, m.Stands = v.Config.Unit, v.stoodOf(id)
		ops = append(ops, webfeed.Set("missions", string(id), m))
	}
	if w, ok := v.wayNow(); ok {
		ops = append(ops, webfeed.Set("way", "self", w))
	}
	for _, id := range sorted(v.cab.Patients) {
		p := v.cab.Patients[id]
		ops = append(ops, webfeed.Set("patients", string(id), ems.Patient{ID: id, Mission: p.Mission, Name: p.Name, Sex: p.Sex, AgeYears: p.AgeYears,
			Unit: v.Config.Unit, Simulated: v.Config.Simulated}))
	}
	for id, b := range v.cab.Bindings {
		ops = append(ops, webfeed.Set("bindings", string(id), wire.TerminalBinding{Device: id, Patient: b.Patient, Mission: b.Mission, By: b.By, At: b.At}))
	}
	for id, p := range v.cab.Presses {
		ops = append(ops, webfeed.Set("alarms", id, wire.TerminalAlarm{PressID: id, Pressed: p.Pressed, Lamp: wire.Lamp(p.Lamp), State: p.State, By: p.By,
			At: p.At}))
	}
	for id, n := range v.cab.Notices {
		ops = append(ops, webfeed.Set("notices", string(id), n))
	}
	for id, n := range v.cab.Notes {
		ops = append(ops, webfeed.Set("notes", id, wire.NoteView{ID: n.ID, Unit: v.Config.Unit, Mission: n.Mission, Patient: n.Patient, Text: n.Text,
			By: n.By, At: n.At, Simulated: v.Config.Simulated}))
	}
	for id, p := range v.cab.Photos {
		ops = append(ops, webfeed.Set("taken", id, wire.TerminalPhotoView{ID: p.ID, Mission: p.Mission, Patient: p.Patient, By: p.By, At: p.At,
			Size: p.Size, Stored: p.Stored}))
	}
	for id, m := range v.cab.Messages {
		ops = append(ops, webfeed.Set("messages", id, m))
	}
	for _, h := range v.Config.Hospitals {
		ops = append(ops, webfeed.Set("hospitals", string(h.ID), h))
	}
	for _, k := range v.kept {
		ops = append(ops, webfeed.Set("kept", k.key, k.view))
	}
	v.show(ops)
}

// show publishes what is new and deletes what is gone: shown remembers what the screens have.
func (v *Vehicle) show(ops []wire.Op) {
	now := map[[2]string]string{}
	var changed []wire.Op
	for _, op := range ops {
		k := [2]string{op.C, op.K}
		now[k] = string(op.V)
		if v.shown[k] != string(op.V) {
			changed = append(changed, op)
		}
	}
	for k := range v.shown {
		if _, still := now[k]; !still {
			changed = append(changed, webfeed.Delete(k[0], k[1]))
		}
	}
	v.shown = now
	v.Feed.Publish(Topic, changed...)
}

func (v *Vehicle) unitView() ems.UnitView {
	u := ems.UnitView{Unit: ems.Unit{ID: v.Config.Unit, Plate: v.Config.Plate, Name: v.Config.Plate, Simulated: v.Config.Simulated},
		Duty: ems.OnDuty, Mission: v.cab.Current(), Online: v.up, Version: v.Version}
	if m, ok := v.cab.Missions[u.Mission]; ok {
		u.State = m.State
	}
	return u
}

func (v *Vehicle) showFix(f ems.Fix) {
	view := f.View()
	view.Source, view.Simulated = "live", f.Demo || v.Config.Simulated
	v.Feed.Publish(Topic, webfeed.Set("fix", "self", view))
}

func (v *Vehicle) showReadings(rs []boundReading) {
	ops := make([]wire.Op, 0, len(rs))
	for _, r := range rs {
		key := string(v.Config.Unit) + "/" + string(r.Device) + "/" + string(r.Channel)
		ops = append(ops, webfeed.Set("readings", key, vitals.View(r.Reading, v.Config.Unit, r.patient, v.Config.Simulated)))
	}
	v.Feed.Publish(Topic, ops...)
}

func (v *Vehicle) showWaves(ws []boundWave) {
	for _, w := range ws {
		f, slot := v.measured.frame(time.Now(), w, v.Config.Simulated)
		if slot != nil {
			slot.Unit = v.Config.Unit
			v.Feed.Publish(Topic, webfeed.Set("slots", slotKey(slot.Slot), slot))
		}
		if !v.Feed.Followed(Topic) {
			continue
		}
		b, err := f.Append(nil)
		if err != nil {
			v.Log.Error("make wave frame", "device", w.Device, "err", err)
			continue
		}
		v.Feed.PublishWave(Topic, b)
	}
}

// hideWaves takes the slots of waves that ended off the screens.
func (v *Vehicle) hideWaves() {
	for _, slot := range v.measured.ended(time.Now()) {
		v.Feed.Publish(Topic, webfeed.Delete("slots", slotKey(slot)))
	}
}

func (v *Vehicle) showDevice(s ems.DeviceStatus) {
	v.Feed.Publish(Topic, webfeed.Set("devices", string(s.Device),
		wire.TerminalDevice{DeviceStatus: s, Commands: commandsOf(s.Driver)}))
}

func (v *Vehicle) showLink() {
	l := wire.TerminalLink{Up: v.up, Detail: "link_down", Store: v.store, Faults: v.Spool.Faults()}
	if v.up {
		l.Detail = "link_up"
	}
	if v.unsafe > 0 {
		l.Faults = append(slices.Clone(l.Faults), "disk_refuses")
	}
	if !v.upSince.IsZero() {
		l.Since = &v.upSince
	}
	if !v.lastWord.IsZero() {
		l.LastStored = &v.lastWord
	}
	if c := v.clock(); c.Known {
		s := c.Offset.Seconds()
		l.ClockOffset = &s
	}
	v.Feed.Publish(Topic, webfeed.Set("link", "state", l))
}

func (v *Vehicle) showOwed() {
	var ops []wire.Op
	for _, d := range v.Spool.Depths() {
		ops = append(ops, webfeed.Set("owed", wire.LaneName(d.Lane), wire.UnpackDepth(wire.PackDepth(d))))
	}
	v.Feed.Publish(Topic, ops...)
}

// remember lists an urgent act among what the centre has not stored yet.
func (v *Vehicle) remember(r wire.Record, o cab.Owe) {
	k := kept{view: wire.KeptView{At: time.UnixMicro(r.CapturedUs).UTC()}}
	switch b := o.Body.(type) {
	case *pb.Node:
		k.view.Kind, k.view.Mission, k.view.Text, k.key = "node", b.Mission, b.Node, b.Id
	case *pb.Alarm:
		k.view.Kind, k.view.Mission, k.key = "sos", b.Mission, b.PressId
	case *pb.Note:
		k.view.Kind, k.view.Mission, k.key = "note", b.Mission, b.Id
	case *pb.Binding:
		k.view.Kind, k.view.Mission, k.key = "binding", b.Mission, "binding-"+b.Device
	case *pb.OrderAnswer:
		k.view.Kind, k.view.Text, k.key = "answer", b.Answer, b.Order+"-"+b.Answer
	case *pb.Assessment:
		k.view.Kind, k.view.Mission, k.key = "assessment", b.Mission, b.Id
	case *pb.Destination:
		k.view.Kind, k.view.Mission, k.view.Text, k.key = "destination", b.Mission, b.Hospital, b.Id
	default:
		return
	}
	v.kept[wire.Identity{Unit: v.Config.Unit, Epoch: r.Epoch, Lane: r.Lane, Seq: r.Seq}] = k
}

// forgetKept takes what the centre has stored off the list.
func (v *Vehicle) forgetKept(d courier.Deletion) {
	set := wire.RangeSet{UpTo: d.UpTo, Beyond: d.Beyond}
	before := len(v.kept)
	maps.DeleteFunc(v.kept, func(id wire.Identity, _ kept) bool {
		return id.Epoch == d.Epoch && id.Lane == d.Lane && set.Has(id.Seq)
	})
	changed := len(v.kept) != before
	if d.Lane == pb.Lane_LANE_PHOTO && v.cab.PicturesStored(d.Epoch.String(), func(from, to uint64) bool {
		for seq := from; seq <= to; seq++ {
			if !set.Has(seq) {
				return false
			}
		}
		return true
	}) {
		v.keepState(context.Background())
		changed = true
	}
	if changed {
		v.showAll()
	}
}
