package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"time"

	"lifeline120/internal/agent"
	"lifeline120/internal/ems"
	"lifeline120/internal/geo"
	"lifeline120/internal/roadlive"
	"lifeline120/internal/simdevice"
	"lifeline120/internal/wire"
	"lifeline120/maps"
)

// crew is a simulated crew: it answers orders on its terminal, drives, touches the nodes, and cares for its patient.
type crew struct {
	unit ems.Unit
	city maps.City
	net  *roadlive.Roads
	feed *follow
	v    *vehicle
	rng  *rand.Rand
	pace *pace
	by   string
}

func newCrew(u ems.Unit, city maps.City, net *roadlive.Roads, url string, v *vehicle, seed uint64) *crew {
	return &crew{unit: u, city: city, net: net, feed: &follow{url: url, topic: agent.Topic}, v: v,
		rng: rand.New(rand.NewPCG(seed, 120)), pace: newPace(seed), by: "模拟车组 " + u.Name}
}

func (c *crew) post(ctx context.Context, path string, body any) error {
	return call(ctx, c.feed.url+path, "", "", body, nil)
}

// logOn puts the unit on duty with its crew, as a shift's beginning does.
func (c *crew) logOn(ctx context.Context, base string) error {
	return call(ctx, base+"/api/v1/units/"+string(c.unit.ID)+"/duty", c.by, "", wire.DutyBody{Duty: ems.OnDuty,
		Crew: []string{"模拟司机", "模拟医生", "模拟护士"}}, nil)
}

func (c *crew) run(ctx context.Context) error {
	go c.feed.run(ctx)
	for ctx.Err() == nil {
		var order *ems.Order
		each(c.feed, "orders", func(_ string, o ems.Order) {
			if (o.State == ems.OrderDelivered || o.State == ems.OrderSeen) && (order == nil || o.Queued.Before(order.Queued)) {
				order = &o
			}
		})
		if order == nil {
			c.rest(ctx, 500*time.Millisecond)
			continue
		}
		if err := c.mission(ctx, *order); err != nil && ctx.Err() == nil {
			fmt.Fprintf(os.Stderr, "crew %s: %v\n", c.unit.ID, err)
			c.rest(ctx, 5*time.Second)
		}
	}
	return nil
}

var (
	errOver    = errors.New("the mission is over")
	errNotOurs = errors.New("the order cannot be accepted")
)

// againEvery is how long a crew waits before it does again what did not work.
const againEvery = 2 * time.Second

// surely does a step until it is done: an agent that is slow, or starts anew, is no reason to leave a patient where he is. What the vehicle
// refuses is not asked again; the crew goes on, as a real one would.
func (c *crew) surely(ctx context.Context, o ems.Order, step func() error) error {
	for {
		err := step()
		var no *refusedError
		switch {
		case err == nil || errors.Is(err, errOver) || errors.Is(err, errNotOurs):
			return err
		case ctx.Err() != nil:
			return ctx.Err()
		case c.over(o):
			return errOver
		}
		fmt.Fprintf(os.Stderr, "crew %s: %v\n", c.unit.ID, err)
		if errors.As(err, &no) {
			return nil
		}
		c.rest(ctx, againEvery)
	}
}

// mission works one order from acceptance to the station. Every step has one id, however often it is done.
func (c *crew) mission(ctx context.Context, o ems.Order) error {
	answer := wire.OrderAnswerBody{By: c.by}
	scene := c.v.home
	if o.Place.Pos != nil {
		scene = *o.Place.Pos
	}
	pathway := complaint(c.city, o.Complaint).Pathway
	hospital := c.hospital(scene, pathway)
	post := func(path string, body any) func() error { return func() error { return c.post(ctx, path, body) } }
	touch := func(n ems.Node) func() error {
		return post("/api/v1/missions/"+string(o.Mission)+"/nodes", wire.TerminalNode{ID: agent.NewID(), Node: n, By: c.by})
	}
	wait := func(d time.Duration) func() error {
		return func() error { c.rest(ctx, c.about(d)); return ctx.Err() }
	}
	drive := func(to ems.WGS84, siren bool) func() error { return func() error { return c.drive(ctx, o, to, siren) } }
	bind, measure := func() error { return nil }, func() error { return nil }
	if c.v.board != nil { // else it has no monitor of its own to bind
		bind = post("/api/v1/binding", wire.BindingBody{Device: "monitor", Patient: ems.PatientID("p-" + agent.NewID()), Name: c.name(), Sex: "m",
			AgeYears: 40 + c.rng.IntN(45), Mission: o.Mission, By: c.by, Bound: true})
		measure = post("/api/v1/monitor/monitor/command", wire.MonitorCommand{Command: "nibp_start"})
	}
	accept := func() error {
		var no *refusedError
		err := c.post(ctx, "/api/v1/orders/"+string(o.ID)+"/accept", answer)
		if errors.As(err, &no) {
			return fmt.Errorf("%w: %w", errNotOurs, err)
		}
		return err
	}
	steps := []func() error{
		wait(time.Second),
		post("/api/v1/orders/"+string(o.ID)+"/seen", answer),
		wait(4 * time.Second),
		accept,
		wait(15 * time.Second),
		touch(ems.NodeDeparted),
		drive(scene, true),
		touch(ems.NodeAtScene),
		wait(10 * time.Second),
		touch(ems.NodeContact),
		bind,
		measure,
		wait(15 * time.Second),
		post("/api/v1/missions/"+string(o.Mission)+"/destination", wire.TerminalDestination{ID: agent.NewID(), Hospital: hospital.ID,
			By: c.by, Pathway: pathway, Text: cmp.Or(o.Complaint, "院前急救")}),
		wait(15 * time.Second),
		touch(ems.NodeLeftScene),
		drive(hospital.Door(), true),
		touch(ems.NodeAtHospital),
		wait(30 * time.Second),
		touch(ems.NodeHandedOver),
		wait(10 * time.Second),
		touch(ems.NodeAvailable),
		drive(c.v.home, false),
		touch(ems.NodeAtStation),
	}
	for _, step := range steps {
		if c.over(o) {
			return c.drive(ctx, ems.Order{}, c.v.home, false) // recalled: home
		}
		if err := c.surely(ctx, o, step); err != nil && !errors.Is(err, errOver) {
			return err
		}
	}
	return nil
}

// over says whether the order was withdrawn or the mission ended from the desk.
func (c *crew) over(o ems.Order) bool {
	gone := false
	each(c.feed, "orders", func(_ string, x ems.Order) {
		gone = gone || x.ID == o.ID && (x.State == ems.OrderWithdrawn || x.State == ems.OrderExpired)
	})
	return gone
}

// drive leads the simulated receiver to a place and returns when it is there, or when the order is withdrawn.
func (c *crew) drive(ctx context.Context, o ems.Order, to ems.WGS84, siren bool) error {
	if c.v.receiver == nil { // a recording drives where it was recorded
		c.rest(ctx, 20*time.Second)
		return ctx.Err()
	}
	var from ems.WGS84
	c.v.gnss.Do(func() { from = c.v.receiver.Pos() })
	way := c.pace.route(c.net, from, to, siren)
	if c.unit.Kind == ems.UnitAir {
		way = simdevice.Along([]ems.WGS84{from, to}, 220)
	}
	c.v.gnss.Do(func() { c.v.receiver.SetRoute(way) })
	for ctx.Err() == nil {
		there := false
		c.v.gnss.Do(func() { there = c.v.receiver.Arrived() })
		if there {
			return nil
		}
		if o.ID != "" && c.over(o) {
			return errOver
		}
		c.rest(ctx, 500*time.Millisecond)
	}
	return ctx.Err()
}

// complaint is the kind of call that a text stands for; one that the city does not list is treated as chest pain, which the story is about.
func complaint(city maps.City, text string) maps.Complaint {
	for _, k := range city.Demand.Complaints {
		if k.Text == text {
			return k
		}
	}
	return maps.Complaint{Text: text, Pathway: "chest_pain", Priority: ems.PriorityB}
}

// hospital is the nearest with the pathway's centre; the nearest when there is no pathway.
func (c *crew) hospital(from ems.WGS84, pathway string) ems.Hospital {
	hs := slices.Clone(c.city.Hospitals)
	slices.SortFunc(hs, func(a, b ems.Hospital) int {
		lacks := func(h ems.Hospital) int {
			if pathway == "" || slices.Contains(h.Centres, pathway) {
				return 0
			}
			return 1
		}
		return cmp.Or(cmp.Compare(lacks(a), lacks(b)), cmp.Compare(geo.Distance(from, a.Pos), geo.Distance(from, b.Pos)), cmp.Compare(a.ID, b.ID))
	})
	return hs[0]
}

func (c *crew) name() string {
	return "模拟患者" + string([]rune("甲乙丙丁戊己庚辛壬癸")[c.rng.IntN(10)])
}

// about is d, give or take a half.
func (c *crew) about(d time.Duration) time.Duration {
	return d/2 + time.Duration(c.rng.Int64N(int64(d)))
}

func (c *crew) rest(ctx context.Context, d time.Duration) { rest(ctx, d) }

func rest(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

// callers press the key now and then: as often and where the city's demand says, by district and hour, within some metres of a road. hour
// is the hour of the city's day when it begins; the demand's day passes as the clock does.
func callers(ctx context.Context, city maps.City, net *roadlive.Roads, base string, mean time.Duration, hour float64, seed uint64) error {
	rng := rand.New(rand.NewPCG(seed, 911))
	rest(ctx, 5*time.Second)
	began := time.Now()
	for ctx.Err() == nil {
		h := int(hour+time.Since(began).Hours()) % 24
		now := time.Now().UTC()
		body := draw(city, net, h, rng)
		body.Pressed, body.Place.At = &now, &now
		if err := call(ctx, base+"/api/v1/alarms/caller", "", "", body, nil); err != nil && ctx.Err() == nil {
			fmt.Fprintln(os.Stderr, "caller:", err)
		}
		// mean is that of an average hour; a busy one brings callers more often.
		rest(ctx, time.Duration(rng.ExpFloat64()*float64(mean)/busy(city, h))+10*time.Second)
	}
	return nil
}

// busy is how many calls an hour of the day brings beside the average one.
func busy(city maps.City, hour int) float64 {
	now, day := 0.0, 0.0
	for _, d := range city.Districts {
		now += city.Expected(d, hour)
		day += d.CallsPerDay
	}
	if now <= 0 || day <= 0 {
		return 1
	}
	return now / (day / 24)
}

// draw draws one call: the district by what it expects in this hour, the neighbourhood by its people, the complaint by its share.
func draw(city maps.City, net *roadlive.Roads, hour int, rng *rand.Rand) wire.CallerAlarm {
	d := pick(city.Districts, func(d maps.District) float64 { return city.Expected(d, hour) }, rng)
	a := pick(d.Areas, func(a maps.Area) float64 { return float64(a.People) }, rng)
	k := pick(city.Demand.Complaints, func(k maps.Complaint) float64 { return k.Share }, rng)
	p := onRoad(net, geo.Destination(a.Pos, rng.Float64()*360, ems.Metres(math.Sqrt(rng.Float64())*a.RadiusM)))
	p = geo.Destination(p, rng.Float64()*360, ems.Metres(8+rng.Float64()*35))
	return wire.CallerAlarm{PressID: "demo-" + agent.NewID(), Who: cmp.Or(k.Who, "self"), Phone: fmt.Sprintf("1380000%04d", rng.IntN(10000)), Text: k.Text,
		Place: &ems.Place{Pos: &p, AccuracyM: 8 + rng.Float64()*40, Address: d.Name + a.Name + "附近", Source: "gps"}}
}

// pick draws one of a list by weight; the zero value of an empty one.
func pick[T any](list []T, weight func(T) float64, rng *rand.Rand) T {
	var last T
	sum := 0.0
	for _, x := range list {
		sum += weight(x)
	}
	at := rng.Float64() * sum
	for _, x := range list {
		last = x
		if at -= weight(x); at < 0 {
			break
		}
	}
	return last
}

// autoDesk takes what nobody has taken for as long as wait: opens the incident, asks for the recommendation, sends the first unit; and
// answers for hospitals that do not.
func autoDesk(ctx context.Context, city maps.City, base string, wait time.Duration) error {
	const by, desk = "模拟调度席", "demo"
	f := &follow{url: base, topic: "console", by: by, desk: desk}
	go f.run(ctx)
	post := func(path string, body, out any) error { return call(ctx, base+path, by, desk, body, out) }
	asked := map[ems.IncidentID]time.Time{} // an incident that nothing can be sent to is asked about again after a while
	for ctx.Err() == nil {
		now := time.Now()
		var jobs []func() error
		each(f, "alarms", func(_ string, a ems.Alarm) {
			switch {
			case a.State == ems.AlarmHandled || now.Sub(a.LastPress) < wait || a.AckBy != "" && a.AckBy != by:
			case a.Kind == ems.CallerAlarm:
				k := complaint(city, a.Text)
				jobs = append(jobs, func() error {
					return post("/api/v1/incidents", wire.IncidentBody{Act: wire.Act{ID: "auto-" + string(a.ID)}, Alarm: a.ID, Priority: k.Priority, Pathway: k.Pathway,
						Complaint: a.Text}, nil)
				})
			case a.Kind == ems.TechAlarm && a.State == ems.AlarmStored:
				jobs = append(jobs, func() error { return post("/api/v1/alarms/"+string(a.ID)+"/ack", wire.Act{}, nil) })
			}
		})
		each(f, "incidents", func(_ string, i ems.Incident) {
			if i.State == ems.IncidentOpen && now.Sub(i.Opened) > wait && now.Sub(asked[i.ID]) > 15*time.Second {
				asked[i.ID] = now
				jobs = append(jobs, func() error { return sendFirst(post, i.ID) })
			}
		})
		each(f, "notices", func(_ string, n ems.Notice) {
			if (n.State == ems.NoticeSent || n.State == ems.NoticeDelivered || n.State == ems.NoticeSeen) && now.Sub(n.Sent) > wait {
				jobs = append(jobs, func() error {
					return post("/api/v1/notices/"+string(n.ID)+"/accept?hospital="+string(n.Hospital), wire.Act{}, nil)
				})
			}
		})
		for _, job := range jobs {
			if err := job(); err != nil && ctx.Err() == nil {
				fmt.Fprintln(os.Stderr, "desk:", err)
			}
		}
		rest(ctx, time.Second)
	}
	return nil
}

func sendFirst(post func(string, any, any) error, id ems.IncidentID) error {
	var r wire.Recommendation
	if err := post("/api/v1/incidents/"+string(id)+"/recommend", wire.Act{}, &r); err != nil {
		return err
	}
	if len(r.Units) == 0 {
		return nil // all units are busy: the incident waits, and its age shows
	}
	return post("/api/v1/incidents/"+string(id)+"/dispatch", wire.DispatchBody{Unit: r.Units[0].Unit, Recommendation: r.ID}, nil)
}
