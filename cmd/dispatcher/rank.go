package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"lifeline120/internal/dispatcher"
	"lifeline120/internal/ems"
	"lifeline120/internal/geo"
	"lifeline120/internal/match"
	"lifeline120/internal/roadfile"
	"lifeline120/internal/roadlive"
	"lifeline120/internal/roads"
	city "lifeline120/maps"
)

type rank struct {
	At       string `required:"" placeholder:"LAT,LON" help:"Where units are needed, in degrees."`
	Datum    string `enum:"wgs84,gcj02,bd09" default:"wgs84" help:"Datum of --at: ${enum}. The fleet's positions are WGS-84."`
	Kind     string `enum:"emergency,transport,transfer" default:"emergency" help:"What for: ${enum}."`
	Priority string `enum:"A,B,C,D" default:"B" help:"How urgent: ${enum}."`
	Fleet    string `required:"" type:"path" placeholder:"FILE" help:"The units, CSV with a heading or JSON (docs/choosing.md)."`
	Graph    string `type:"path" placeholder:"DIR" help:"Folder with the road file; without it times are straight lines, and the answer says so."`
	City     string `type:"path" placeholder:"DIR" help:"Folder of the city whose way of choosing is used; the defaults when not given."`
	Now      string `placeholder:"TIME" help:"As if it were 2026-11-02T11:00:00+08:00; now when not given."`
	JSON     bool   `name:"json" help:"The whole answer as JSON."`
}

func (k rank) run(out io.Writer) error {
	q, err := k.question()
	if err != nil {
		return err
	}
	if k.Graph != "" {
		c, err := roadfile.Open(os.DirFS(k.Graph))
		if err != nil {
			return fmt.Errorf("%w (in %s)", err, k.Graph)
		}
		p, err := roadfile.ReadProfiles(os.DirFS(k.Graph))
		if err != nil {
			return &dispatcher.ConfigError{Err: err}
		}
		byRoad(&q, roadlive.Of(c.City, p.Mission, p.Normal, q.At))
	}
	r := match.Recommend(q)
	if k.JSON {
		e := json.NewEncoder(out)
		e.SetIndent("", "  ")
		return e.Encode(r)
	}
	return table(r, out)
}

// question is what the flags and the files ask.
func (k rank) question() (match.Question, error) {
	q := match.Question{ID: "rank", At: time.Now().UTC(), Incident: ems.Incident{ID: "rank", Type: ems.IncidentType(k.Kind), Priority: ems.Priority(k.Priority)}}
	at, err := scene(k.At, k.Datum)
	if err != nil {
		return q, &dispatcher.ConfigError{Err: fmt.Errorf("--at: %w", err)}
	}
	q.Incident.Place.Pos = &at
	if k.Now != "" {
		if q.At, err = time.Parse(time.RFC3339, k.Now); err != nil {
			return q, &dispatcher.ConfigError{Err: fmt.Errorf("--now: %q is no time; write it as 2026-11-02T11:00:00+08:00", k.Now)}
		}
	}
	if k.City != "" {
		c, err := city.Load(os.DirFS(k.City))
		if err != nil {
			return q, &dispatcher.ConfigError{Err: err}
		}
		conf, err := match.ReadConfig(c.Match)
		if err != nil {
			return q, &dispatcher.ConfigError{Err: fmt.Errorf("city.yaml: %w", err)}
		}
		q.Config = &conf
		for _, s := range c.Stations {
			if match.Within(at, s.Areas) {
				q.Home = append(q.Home, s.ID)
			}
		}
	}
	q.Units, err = fleetOf(k.Fleet, q.At)
	return q, err
}

// scene reads LAT,LON of a datum.
func scene(s, datum string) (ems.WGS84, error) {
	a, b, ok := strings.Cut(s, ",")
	lat, err1 := strconv.ParseFloat(strings.TrimSpace(a), 64)
	lon, err2 := strconv.ParseFloat(strings.TrimSpace(b), 64)
	p := ems.WGS84{Lat: lat, Lon: lon}
	if !ok || err1 != nil || err2 != nil || !p.Valid() {
		return p, fmt.Errorf("%q is no place; write lat,lon in degrees, latitude first", s)
	}
	switch datum {
	case "gcj02":
		return geo.FromGCJ02(ems.GCJ02(p)), nil
	case "bd09":
		return geo.FromGCJ02(geo.FromBD09(geo.BD09(p))), nil
	}
	return p, nil
}

// byRoad fills the times by road into a question.
func byRoad(q *match.Question, r *roadlive.Roads) {
	scene := r.Snap(*q.Incident.Place.Pos)
	if len(scene) == 0 {
		q.OffRoads = true
		return
	}
	times := func(from map[ems.UnitID]ems.WGS84, to []roads.Place) map[ems.UnitID]time.Duration {
		ids := slices.Sorted(maps.Keys(from))
		places := make([][]roads.Place, len(ids))
		for i, id := range ids {
			places[i] = r.Snap(from[id])
		}
		out := map[ems.UnitID]time.Duration{}
		for i, d := range r.To(roadlive.Mission, places, to) {
			if d != roadlive.None {
				out[ids[i]] = d
			}
		}
		return out
	}
	where, hospitals := map[ems.UnitID]ems.WGS84{}, map[ems.UnitID]ems.WGS84{}
	q.ToHospital, q.Others = map[ems.UnitID]time.Duration{}, map[ems.IncidentID]map[ems.UnitID]time.Duration{}
	for _, u := range q.Units {
		if at, _ := match.Whereabouts(q.At, u); at != nil {
			where[u.ID] = *at
		}
	}
	for _, u := range q.Units {
		at, known := where[u.ID]
		if u.Task == nil || !known {
			continue
		}
		if h := u.Task.Hospital; h != nil {
			hospitals[u.ID] = *h
			if d, ok := r.Travel(roadlive.Mission, at, *h); ok {
				q.ToHospital[u.ID] = d
			}
		}
		if s := u.Task.Scene; s != nil && match.Divertable(u, q.Incident) {
			q.Others[u.Task.Incident] = times(where, r.Snap(*s))
		}
	}
	q.Roads, q.AfterTask = times(where, scene), times(hospitals, scene)
}

// table prints an answer for reading.
func table(r match.Recommendation, out io.Writer) error {
	fmt.Fprintf(out, "times: %s", r.Method)
	if r.Method == match.MethodLine {
		fmt.Fprintf(out, " × %.1f at %.0f km/h", r.DetourFactor, r.SpeedKmh)
	}
	fmt.Fprintln(out)
	if len(r.Missing) > 0 {
		fmt.Fprintln(out, "not known:", words(r.Missing))
	}
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	list := func(title string, units []match.Ranked) {
		if len(units) == 0 {
			return
		}
		fmt.Fprintf(w, "\n%s\tthere s\tput back s\twhy\tto be first\n", title)
		for i, u := range units {
			eta := "?"
			if u.EtaS != nil {
				eta = strconv.FormatFloat(*u.EtaS, 'f', 0, 64)
			}
			why := words(append(slices.Clone(u.Reasons), u.Caution...))
			if u.FreeAt != nil {
				why += "; free at " + u.FreeAt.Format("15:04:05Z07:00")
			}
			if u.GainS != nil {
				why += fmt.Sprintf("; gains %.0f s", *u.GainS)
			}
			if u.LosesS != nil {
				why += fmt.Sprintf("; the other waits %.0f s longer", *u.LosesS)
			}
			if u.Act != "" {
				why += "; first: " + u.Act
			}
			fmt.Fprintf(w, "%d %s\t%s\t%.0f\t%s\t%s\n", i+1, u.Unit, eta, u.HandicapS, why, words(u.First))
		}
	}
	list("unit", r.Units)
	list("last resort", r.LastResort)
	list("can be diverted", r.Divert)
	list("free soon", r.Soon)
	if len(r.LeftOut) > 0 {
		fmt.Fprintf(w, "\nleft out\tthere s\t\twhy\tto be first\n")
		for _, l := range r.LeftOut {
			eta := "?"
			if l.EtaS != nil {
				eta = strconv.FormatFloat(*l.EtaS, 'f', 0, 64)
			}
			fmt.Fprintf(w, "%s\t%s\t\t%s\t%s\n", l.Unit, eta, words(l.Why), words(l.First))
		}
	}
	return w.Flush()
}

// words are reasons as docs/words.md has them, with their numbers.
func words(ws []match.Why) string {
	var out []string
	for _, w := range ws {
		s := w.Code
		for _, k := range slices.Sorted(maps.Keys(w.Args)) {
			if w.Args[k] != "" {
				s += " " + k + "=" + w.Args[k]
			}
		}
		out = append(out, s)
	}
	return strings.Join(out, "; ")
}

// errEmpty is a file without units.
var errEmpty = errors.New("it holds no unit")
