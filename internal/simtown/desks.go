package simtown

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"time"

	"lifeline120/internal/desk"
	"lifeline120/internal/ems"
	"lifeline120/internal/match"
	"lifeline120/internal/wire"
)

// ask is a request of a desk's page, by the door that the console uses. An answer counts only if the dispatcher lives when it comes.
func (c *centre) ask(ctx context.Context, who desk.Actor, method, path string, body any) reply {
	d := c.process()
	if d == nil {
		return reply{}
	}
	var b []byte
	if body != nil {
		var err error
		if b, err = json.Marshal(body); err != nil {
			c.town.t.Errorf("ask %s: %v", path, err)
			return reply{}
		}
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	req := httptest.NewRequestWithContext(ctx, method, path, bytes.NewReader(b))
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-By", who.By)
	req.Header.Set("X-Desk", string(who.Desk))
	rec := recorder{httptest.NewRecorder()}
	d.door.ServeHTTP(rec, req)
	if c.process() != d { // killed meanwhile: nobody heard the answer
		return reply{}
	}
	return reply{rec.Code, rec.Body.Bytes()}
}

// unsure says that an act must be sent again under its own id: nobody answered, or what was done is not recorded yet.
func (r reply) unsure() bool {
	return r.code == 0 || r.code == http.StatusAccepted || r.code == http.StatusServiceUnavailable
}

// dispatcherDesk is a person at one desk.
type dispatcherDesk struct {
	w   *Town
	r   *rand.Rand
	who desk.Actor
	ctx context.Context
}

// dispatcher works one desk.
func (w *Town) dispatcher(ctx context.Context, id ems.DeskID) {
	p := &dispatcherDesk{w: w, r: w.chance("desk/" + string(id)), who: desker(id), ctx: ctx}
	for w.wait(ctx, between(p.r, time.Second, 4*time.Second)) {
		var todo task
		w.centre.look(func(s *desk.State) { todo = p.choose(s) })
		switch {
		case todo.cmd != nil:
			w.centre.insist(ctx, p.who, todo.cmd)
		case todo.incident != "":
			p.send(todo.incident)
		case todo.path != "":
			p.post(todo.path, todo.body)
		}
	}
}

// task is what a dispatcher does next: a command, a unit to be found for an incident, or a touch on the page.
type task struct {
	cmd      desk.Command
	incident ems.IncidentID
	path     string
	body     any
}

func (p *dispatcherDesk) act() desk.Act { return desk.Act{Req: p.w.id("req")} }

// post sends an act until somebody answers it.
func (p *dispatcherDesk) post(path string, body any) (r reply) {
	for {
		r = p.w.centre.ask(p.ctx, p.who, http.MethodPost, path, body)
		if !r.unsure() || p.ctx.Err() != nil || !p.w.wait(p.ctx, time.Second) {
			break
		}
	}
	if !r.ok() {
		p.w.log.Info("refused", "by", p.who.By, "act", path, "code", r.code, "err", string(r.body))
	}
	return r
}

// unfit are the duties in which a unit is not recommended.
var unfit = [...]ems.UnitDuty{ems.OffDuty, ems.Suspended, ems.Crewless, ems.BrokenDown, ems.Contaminated}

// choose is what a dispatcher does about what the screen shows.
func (p *dispatcherDesk) choose(s *desk.State) task {
	w, r := p.w, p.r
	if d := s.Desks[p.who.Desk]; d == nil || d.By == "" {
		return task{cmd: desk.LogOn{Act: p.act(), Desk: p.who.Desk, Role: p.who.Role}}
	}
	for _, u := range sortedKeys(s.Units) {
		switch duty := s.Units[u].Duty; {
		case duty == "", duty != ems.OnDuty && r.Float64() < 0.1:
			return task{cmd: desk.SetDuty{Act: p.act(), Unit: u, Duty: ems.OnDuty, Crew: []string{"司机", "医生"}}}
		case duty == ems.OnDuty && s.Units[u].Mission == "" && r.Float64() < 0.015:
			return task{cmd: desk.SetDuty{Act: p.act(), Unit: u, Duty: unfit[r.IntN(len(unfit))], Reason: "电话报告"}}
		}
	}
	for _, a := range sortedKeys(s.Alarms) {
		switch al := s.Alarms[a]; {
		case al.State == ems.AlarmHandled || r.Float64() < 0.6:
		case al.State == ems.AlarmStored || al.Sounding:
			return task{cmd: desk.AckAlarm{Act: p.act(), Alarm: a}}
		case al.Kind == ems.CallerAlarm && r.Float64() < 0.8:
			return task{cmd: desk.OpenIncident{Act: p.act(), Incident: ems.IncidentID(w.id("i")), Alarm: a, Type: ems.Emergency, Priority: ems.PriorityA, Pathway: "chest_pain"}}
		default:
			return task{cmd: desk.CloseAlarm{Act: p.act(), Alarm: a, Reason: "已电话核实"}}
		}
	}
	for _, i := range sortedKeys(s.Incidents) {
		if s.Incidents[i].State == ems.IncidentOpen && r.Float64() < 0.7 {
			return task{incident: i}
		}
	}
	for _, m := range sortedKeys(s.Missions) {
		if s.Missions[m].Ended == nil {
			if t, ok := p.follow(s.Missions[m], s.Orders[s.Missions[m].Order]); ok {
				return t
			}
		}
	}
	return task{}
}

// follow is what a dispatcher does about a mission that is under way: mostly nothing.
func (p *dispatcherDesk) follow(m *ems.Mission, o *ems.Order) (task, bool) {
	act := wire.Act{ID: p.w.id("req")}
	why := wire.ReasonBody{Act: act, Reason: "误报"}
	waiting := o != nil && (o.State == ems.OrderQueued || o.State == ems.OrderDelivered || o.State == ems.OrderSeen)
	switch x := p.r.Float64(); {
	case waiting && x < 0.03:
		return task{path: "/api/v1/orders/" + string(m.Order) + "/withdraw", body: why}, true
	case waiting && p.w.vehicleOf(m.Unit) == nil && x < 0.3: // nobody sits at a terminal there: they are told by radio
		return task{path: "/api/v1/orders/" + string(m.Order) + "/voice", body: wire.VoiceBody{Act: act, Name: "李师傅"}}, true
	case p.w.vehicleOf(m.Unit) == nil && o != nil && o.State == ems.OrderAccepted && x < 0.3 && len(m.Nodes) > 0:
		next := slices.Index(ems.Nodes[:], m.Nodes[len(m.Nodes)-1].Node) + 1
		if next >= len(ems.Nodes) {
			return task{}, false
		}
		at := now()
		if p.r.Float64() < 0.3 { // said too early by minutes: a node does not run backwards (DSP-004)
			at = at.Add(-between(p.r, time.Minute, 4*time.Minute))
		}
		return task{path: "/api/v1/missions/" + string(m.ID) + "/nodes", body: wire.NodeBody{Act: act, Node: ems.Nodes[next], At: &at}}, true
	case x < 0.01, p.w.vehicleOf(m.Unit) == nil && x < 0.33:
		return task{path: "/api/v1/missions/" + string(m.ID) + "/recall", body: why}, true
	case x < 0.02:
		worse := ems.PriorityB
		return task{path: "/api/v1/incidents/" + string(m.Incident) + "/change", body: wire.IncidentChange{Act: act, Priority: &worse}}, true
	case x < 0.04 && m.Destination != "":
		h := p.w.city.Hospitals[p.r.IntN(len(p.w.city.Hospitals))].ID
		return task{cmd: desk.SetDestination{Act: desk.Act{Req: act.ID}, Mission: m.ID, Hospital: h, Notice: ems.NoticeID(p.w.id("n")), Pathway: "stroke"}}, true
	}
	return task{}, false
}

// send finds a unit for an incident as a dispatcher does: asks, thinks, mostly takes the first, sometimes another or none, and says why
// after the order has left, when that is asked (DSP-002).
func (p *dispatcherDesk) send(i ems.IncidentID) {
	rec, ok := p.recommend(i)
	if !ok || !p.w.wait(p.ctx, between(p.r, 200*time.Millisecond, 2500*time.Millisecond)) {
		return
	}
	c, ok := p.pick(rec)
	if !ok {
		return
	}
	c.incident, c.by = i, p.who.By
	b := wire.DispatchBody{Act: wire.Act{ID: p.w.id("req")}, Unit: c.unit, Recommendation: c.recommendation, LastResort: c.lastResort}
	p.w.oracle.chose(b.ID, c)
	r := p.post("/api/v1/incidents/"+string(i)+"/dispatch", b)
	var d wire.Dispatched
	if !r.ok() || !p.w.oracle.reads(r.body, &d) {
		return
	}
	p.w.oracle.sent(b.ID, rec, d)
	if d.Mission.SlowerS > askSlower && p.r.Float64() < 0.8 && p.w.wait(p.ctx, between(p.r, 300*time.Millisecond, 3*time.Second)) {
		if p.post("/api/v1/missions/"+string(d.Mission.ID)+"/choice-reason", wire.ReasonBody{Act: wire.Act{ID: p.w.id("req")}, Reason: "熟悉路线"}).ok() {
			p.w.oracle.explained(d.Mission.ID)
		}
	}
}

// askSlower is by how many seconds a choice must be slower than the best for the desk to be asked why (DSP-002).
const askSlower = 60

// recommend asks for a recommendation until it is given. What is asked, as it stands on every try, is written down before the answer.
func (p *dispatcherDesk) recommend(i ems.IncidentID) (rec wire.Recommendation, ok bool) {
	body := wire.Act{ID: p.w.id("req")}
	for {
		p.w.oracle.asks(p.question(i))
		r := p.w.centre.ask(p.ctx, p.who, http.MethodPost, "/api/v1/incidents/"+string(i)+"/recommend", body)
		switch {
		case r.ok() && p.w.oracle.reads(r.body, &rec):
			p.w.oracle.recommended(rec)
			return rec, true
		case !r.unsure() || p.ctx.Err() != nil || !p.w.wait(p.ctx, time.Second):
			return rec, false
		}
	}
}

// question is what the desk's screen shows of units and incident at this instant: what a recommendation at this instant answers.
func (p *dispatcherDesk) question(i ems.IncidentID) (q question) {
	var units []ems.UnitView
	if r := p.w.centre.ask(p.ctx, p.who, http.MethodGet, "/api/v1/units", nil); !r.ok() || !p.w.oracle.reads(r.body, &units) {
		return q
	}
	var tasks map[ems.UnitID]*match.Task
	var work map[ems.UnitID][]match.Span
	p.w.centre.look(func(s *desk.State) {
		tasks, work = doing(s, now())
		if in := s.Incidents[i]; in != nil {
			q = question{at: now(), whole: len(units) == len(s.Units), Question: match.Question{Incident: *in}}
		}
	})
	for _, u := range units {
		m := match.Unit{UnitView: u, Task: tasks[u.ID], Work: work[u.ID]}
		for _, st := range p.w.city.Stations {
			if st.ID == u.Station {
				m.Station = &st.Pos
			}
		}
		q.Units = append(q.Units, m)
	}
	return q
}

// doing is what the missions on the screen say of their units: what each is on now, and when it was on others.
func doing(s *desk.State, at time.Time) (map[ems.UnitID]*match.Task, map[ems.UnitID][]match.Span) {
	tasks, work := map[ems.UnitID]*match.Task{}, map[ems.UnitID][]match.Span{}
	for _, id := range sortedKeys(s.Missions) {
		m := s.Missions[id]
		first, last := m.Nodes[0].At, m.Nodes[len(m.Nodes)-1].At
		span := match.Span{From: first, To: at}
		if m.Ended != nil {
			span.To = *m.Ended
		}
		work[m.Unit] = append(work[m.Unit], span)
		if u := s.Units[m.Unit]; u == nil || u.Mission != id {
			continue
		}
		t := &match.Task{Incident: m.Incident, Ordered: first, Since: last}
		if i := s.Incidents[m.Incident]; i != nil {
			t.Number, t.Priority, t.Scene = i.Number, i.Priority, i.Place.Pos
		}
		if h := s.Hospitals[m.Destination]; h != nil {
			door := h.Door()
			t.Hospital = &door
		}
		tasks[m.Unit] = t
	}
	return tasks, work
}

// pick is a dispatcher's choice; false: none of them, now.
func (p *dispatcherDesk) pick(rec wire.Recommendation) (c choice, ok bool) {
	c.recommendation = rec.ID
	x := p.r.Float64()
	out := slices.Clone(rec.LeftOut)
	slices.SortFunc(out, func(a, b wire.LeftOut) int { return cmp.Compare(a.Unit, b.Unit) })
	switch {
	case x < 0.04: // somebody pressed without looking at the list
		c.recommendation = ""
		c.unit = p.w.city.Units[p.r.IntN(len(p.w.city.Units))].ID
	case x < 0.08 && len(out) > 0: // one that was left out: by name, or in error
		c.unit, c.lastResort = out[p.r.IntN(len(out))].Unit, p.r.Float64() < 0.6
	case x < 0.13:
		return c, false
	case len(rec.Units) == 0 && len(rec.LastResort) == 0:
		return c, false
	case len(rec.Units) == 0:
		c.unit, c.lastResort = rec.LastResort[0].Unit, true
		return c, x < 0.5
	case x < 0.35:
		c.unit = rec.Units[p.r.IntN(len(rec.Units))].Unit
	default:
		c.unit = rec.Units[0].Unit
	}
	return c, true
}

// vehicleOf is the ambulance of a unit; nil for one that is known to the centre and has no computer in it.
func (w *Town) vehicleOf(u ems.UnitID) *vehicle {
	for _, v := range w.units {
		if v.unit.ID == u {
			return v
		}
	}
	return nil
}
