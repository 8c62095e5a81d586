package simtown

import (
	"context"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"lifeline120/internal/desk"
	"lifeline120/internal/ems"
	"lifeline120/internal/wire"
)

// Live lets people and fate act for the troubled time, then makes everything well and lets it come to rest.
func (w *Town) Live() {
	ctx, over := context.WithTimeout(w.ctx, w.opt.Troubled)
	defer over()
	var acting sync.WaitGroup
	for _, v := range w.units {
		acting.Go(func() { w.crew(ctx, v) })
	}
	for _, d := range w.city.Desks {
		acting.Go(func() { w.dispatcher(ctx, d) })
	}
	for _, h := range w.city.Hospitals {
		acting.Go(func() { w.team(ctx, h.ID) })
	}
	acting.Go(func() { w.callers(ctx) })
	acting.Go(func() { w.floods(ctx) })
	acting.Go(func() { w.oracle.watch(ctx) })
	if !w.opt.Quiet {
		acting.Go(func() { w.fate(ctx) })
	}
	acting.Wait()
	w.Settle()
}

// crewMember is the crew of one unit and what it has in hand.
type crewMember struct {
	w      *Town
	v      *vehicle
	r      *rand.Rand
	n      int
	next   time.Time // of the next node
	tablet []wire.HandoverEntry
	offset time.Duration // of the tablet's clock
	left   time.Time     // when it went, and was touched
	back   time.Time     // when the tablet comes back
	given  []wire.HandoverEntry
}

func (c *crewMember) name(kind string) string {
	c.n++
	return fmt.Sprintf("%s-%s-%d", kind, c.v.unit.ID, c.n)
}

// crew works the terminal of one unit.
func (w *Town) crew(ctx context.Context, v *vehicle) {
	c := &crewMember{w: w, v: v, r: w.chance("crew/" + string(v.unit.ID))}
	for w.wait(ctx, between(c.r, 700*time.Millisecond, 3*time.Second)) {
		g, ok := v.look()
		if !ok {
			continue
		}
		c.answer(g)
		c.drive(g)
		switch x := c.r.Float64(); {
		case x < 0.03:
			w.people.Go(func() { c.press(w.chance("press/"+string(v.unit.ID)+itoa(uint64(c.n))), c.name("sos")) })
		case x < 0.05:
			v.post("/api/v1/notes", wire.TerminalNote{ID: c.name("note"), Mission: g.current, Text: "患者诉胸痛", By: "医生"})
		case x < 0.07 && c.tablet == nil:
			c.away(g)
		case x < 0.10 && len(g.bindings) == 2:
			c.exchange(g)
		}
		c.handOver()
	}
	c.back = time.Time{}
	c.handOver()
}

// answer answers orders, mostly with yes.
func (c *crewMember) answer(g glance) {
	for _, id := range sortedKeys(g.orders) {
		switch o := g.orders[id]; o.State {
		case ems.OrderDelivered:
			c.v.post("/api/v1/orders/"+string(id)+"/seen", wire.OrderAnswerBody{By: "司机"})
		case ems.OrderSeen:
			if c.r.Float64() < 0.1 {
				c.v.post("/api/v1/orders/"+string(id)+"/refuse", wire.OrderAnswerBody{By: "司机", Reason: "车辆故障"})
			} else {
				c.v.post("/api/v1/orders/"+string(id)+"/accept", wire.OrderAnswerBody{By: "司机"})
			}
		case ems.OrderQueued, ems.OrderAccepted, ems.OrderRefused, ems.OrderWithdrawn, ems.OrderExpired:
		}
	}
}

// drive touches the next node of the mission when its time has come.
func (c *crewMember) drive(g glance) {
	m, node, ok := due(g)
	if !ok || now().Before(c.next) || c.tablet != nil { // the tablet is away: what is touched is touched there
		return
	}
	c.next = now().Add(between(c.r, 2*time.Second, 12*time.Second))
	t := touch{id: c.name("node"), mission: m.ID, node: node, at: now()}
	if c.v.post("/api/v1/missions/"+string(m.ID)+"/nodes", wire.TerminalNode{ID: t.id, Node: node, By: "医生"}).ok() {
		c.w.oracle.touched(c.v, t)
	}
	switch node {
	case ems.NodeContact:
		c.bind()
	case ems.NodeLeftScene:
		h := c.w.city.Hospitals[c.r.IntN(len(c.w.city.Hospitals))].ID
		c.v.post("/api/v1/missions/"+string(m.ID)+"/destination", wire.TerminalDestination{ID: c.name("dest"), Hospital: h, By: "医生", Pathway: "chest_pain"})
	case ems.NodeOrdered, ems.NodeAcknowledged, ems.NodeDeparted, ems.NodeAtScene, ems.NodeAtHospital, ems.NodeHandedOver, ems.NodeAvailable, ems.NodeAtStation:
	}
}

// bind binds the monitors to whom was found: mostly one patient, and where there are two monitors often two.
func (c *crewMember) bind() {
	first := ems.PatientID(c.name("p"))
	c.v.post("/api/v1/binding", wire.BindingBody{Device: devMonitor, Patient: first, Name: "张三", By: "护士", Bound: true})
	if c.v.second == nil {
		return
	}
	switch x := c.r.Float64(); {
	case x < 0.6:
		c.v.post("/api/v1/binding", wire.BindingBody{Device: devSecond, Patient: ems.PatientID(c.name("p")), Name: "李四", By: "护士", Bound: true})
	case x < 0.8:
		c.v.post("/api/v1/binding", wire.BindingBody{Device: devSecond, Patient: first, Name: "张三", By: "护士", Bound: true})
	}
}

// exchange: the monitors of two patients were mixed up, and somebody puts it right.
func (c *crewMember) exchange(g glance) {
	a, b := g.bindings[devMonitor], g.bindings[devSecond]
	if a.Patient == b.Patient {
		return
	}
	c.v.post("/api/v1/binding", wire.BindingBody{Device: devMonitor, Patient: b.Patient, Name: b.Name, By: "护士", Bound: true})
	c.v.post("/api/v1/binding", wire.BindingBody{Device: devSecond, Patient: a.Patient, Name: a.Name, By: "护士", Bound: true})
}

// press presses the key and goes on pressing until the terminal has answered, sometimes once more.
func (c *crewMember) press(r *rand.Rand, id string) {
	c.w.oracle.pressing(ems.CrewSOS, string(c.v.unit.ID), id)
	for range 600 {
		if c.v.post("/api/v1/sos", wire.TerminalSOS{PressID: id, By: "terminal", Seat: "cabin"}).ok() {
			c.w.oracle.pressed(ems.CrewSOS, string(c.v.unit.ID), id)
			if r.Float64() < 0.7 {
				return
			}
		}
		if !c.w.wait(c.w.ctx, time.Second) {
			return
		}
	}
}

// away: the tablet leaves the vehicle, and keeps what is touched there.
func (c *crewMember) away(g glance) {
	c.offset = between(c.r, -30*time.Second, 30*time.Second)
	c.back = now().Add(between(c.r, 3*time.Second, 40*time.Second))
	c.left = now()
	at := now().Add(c.offset)
	sos := c.name("sos")
	c.w.oracle.pressing(ems.CrewSOS, string(c.v.unit.ID), sos)
	c.tablet = []wire.HandoverEntry{{ID: sos, Kind: "sos", At: at, Body: wire.HandoverWords{Seat: "cabin"}},
		{ID: c.name("note"), Kind: "note", At: at, Body: wire.HandoverWords{Mission: g.current, Text: "现场记录", By: "医生"}}}
	if m, node, ok := due(g); ok {
		c.tablet = append(c.tablet, wire.HandoverEntry{ID: c.name("node"), Kind: "node", At: at, Body: wire.HandoverWords{Mission: m.ID, Node: node, By: "医生"}})
	}
}

// due is the next node of the mission that the crew is on.
func due(g glance) (m ems.Mission, n ems.Node, ok bool) {
	m, ok = g.missions[g.current]
	if !ok || g.orders[m.Order].State != ems.OrderAccepted || len(m.Nodes) == 0 {
		return m, "", false
	}
	i := slices.Index(ems.Nodes[:], m.Nodes[len(m.Nodes)-1].Node) + 1
	if i >= len(ems.Nodes) {
		return m, "", false
	}
	return m, ems.Nodes[i], true
}

// handOver gives back what the tablet kept when it has come back, and sometimes all of it again.
func (c *crewMember) handOver() {
	entries := c.tablet
	if entries == nil && c.given != nil && c.r.Float64() < 0.2 {
		entries, c.given = c.given, nil
	}
	if entries == nil || now().Before(c.back) {
		return
	}
	var a wire.HandoverAnswer
	offset := now().Add(c.offset).Sub(c.v.wall()) // as it is measured now: the vehicle's clock may have been turned since
	r := c.v.post("/api/v1/handover", wire.Handover{Tablet: "t1", OffsetMs: float64(offset.Milliseconds()), UncertaintyMs: 50, Entries: entries})
	if !r.ok() || !c.w.oracle.reads(r.body, &a) {
		return
	}
	for _, e := range entries {
		if e.Kind == "sos" && slices.Contains(a.Taken, e.ID) {
			c.w.oracle.pressed(ems.CrewSOS, string(c.v.unit.ID), e.ID)
		}
		if e.Kind == "node" && c.tablet != nil && slices.Contains(a.Taken, e.ID) { // given again it changes nothing
			c.w.oracle.touched(c.v, touch{id: e.ID, mission: e.Body.Mission, node: e.Body.Node, at: c.left, given: now()})
		}
	}
	c.given, c.tablet = c.tablet, nil
}

// silent says that a hospital answers nothing to a notice: one of four.
func silent(id ems.NoticeID) bool {
	h := fnv.New32a()
	h.Write([]byte(id))
	return h.Sum32()%4 == 0
}

// team answers the notices of one hospital.
func (w *Town) team(ctx context.Context, h ems.HospitalID) {
	r, who := w.chance("team/"+string(h)), desk.Actor{By: "急诊", Role: "hospital"}
	for w.wait(ctx, between(r, 2*time.Second, 6*time.Second)) {
		var cmd desk.Command
		w.centre.look(func(s *desk.State) {
			for _, id := range sortedKeys(s.Notices) {
				n := s.Notices[id]
				if n.Hospital != h {
					continue
				}
				act := desk.Act{Req: w.id("req")}
				switch {
				case silent(id): // nobody reads it: the next person is asked, and at last the desk (CLN-004)
				case n.State == ems.NoticeDelivered:
					cmd = desk.MoveNotice{Act: act, Notice: id, Hospital: h, To: ems.NoticeSeen}
				case n.State == ems.NoticeSeen && r.Float64() < 0.15:
					cmd = desk.MoveNotice{Act: act, Notice: id, Hospital: h, To: ems.NoticeRejected, Reason: "导管室占用"}
				case n.State == ems.NoticeSeen:
					cmd = desk.MoveNotice{Act: act, Notice: id, Hospital: h, To: ems.NoticeAccepted}
				}
			}
		})
		if cmd != nil {
			w.centre.insist(ctx, who, cmd)
		}
	}
}

// callers press the key of their page, each until an answer comes, and sometimes again.
func (w *Town) callers(ctx context.Context) {
	r := w.chance("callers")
	for n := 1; w.wait(ctx, between(r, 3*time.Second, 25*time.Second)); n++ {
		source := fmt.Sprintf("phone-%d", n)
		presses := 1 + r.IntN(2)
		gap := between(r, 100*time.Millisecond, 20*time.Second)
		place := ems.Place{Pos: &ems.WGS84{Lat: 30.2 + r.Float64()/10, Lon: 120.1 + r.Float64()/10}, Source: "gps"}
		if r.IntN(4) == 0 { // a phone that knows no place
			place = ems.Place{}
		}
		w.people.Go(func() {
			for i := range presses {
				w.call(caller{source: source, press: fmt.Sprintf("%s-%d", source, i), place: place})
				if !w.wait(w.ctx, gap) {
					return
				}
			}
		})
	}
}

// floods: a hostile source presses many keys that name themselves anew each time; somebody in real need presses by the same address a
// few streets away, and somebody else on the spot (ALM-006).
func (w *Town) floods(ctx context.Context) {
	r := w.chance("floods")
	for n := 1; w.wait(ctx, between(r, 10*time.Second, 70*time.Second)); n++ {
		origin := fmt.Sprintf("net-203.0.113.%d", n)
		spot := ems.WGS84{Lat: 30.21 + r.Float64()/20, Lon: 120.11 + r.Float64()/20}
		for i := range 4 + r.IntN(4) {
			at := spot
			if i%4 == 3 { // 400 to 900 m away
				at.Lat += 0.0036 + r.Float64()*0.0045
			}
			source := fmt.Sprintf("phone-f%d.%d", n, i)
			w.people.Go(func() {
				w.call(caller{source: source, press: source + "-0", place: ems.Place{Pos: &at, Source: "gps"}, origin: origin})
			})
			if !w.wait(ctx, between(r, 50*time.Millisecond, 1500*time.Millisecond)) {
				return
			}
		}
		w.people.Go(func() { // and somebody who stands there
			w.call(caller{source: fmt.Sprintf("phone-w%d", n), press: fmt.Sprintf("phone-w%d-0", n), place: ems.Place{Pos: &spot, Source: "gps"}})
		})
	}
}

// caller is who presses the key of a page, and where.
type caller struct {
	source, press string
	place         ems.Place
	origin        string // network address of a page that names no session
}

// call is one press on a caller's page, sent again until it is stored.
func (w *Town) call(c caller) {
	w.oracle.pressing(ems.CallerAlarm, c.source, c.press)
	cmd := desk.RaiseAlarm{Alarm: ems.AlarmID(w.id("a")), Kind: ems.CallerAlarm, PressID: c.press, Source: c.source, Who: "self", Place: &c.place, Pressed: now(),
		Origin: c.origin, Simulated: true}
	if _, err := w.centre.insist(w.ctx, desk.Actor{By: "caller", Role: "caller"}, cmd); err == nil {
		w.oracle.pressed(ems.CallerAlarm, c.source, c.press)
	} else if w.ctx.Err() == nil {
		w.oracle.broken("ALM-001: the press %s was refused: %v", c.press, err)
	}
}
