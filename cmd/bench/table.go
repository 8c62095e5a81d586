package main

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"text/tabwriter"
	"time"
)

// row is one line of the table. Empty: it has none.
type row struct {
	What   string  `json:"what"`
	Median string  `json:"median,omitempty"`
	P99    string  `json:"p99,omitempty"`
	Raw    string  `json:"raw,omitempty"`   // the bare cost beside it, in the same run
	Ratio  float64 `json:"ratio,omitempty"` // of medians
	Budget string  `json:"budget,omitempty"`
	Within string  `json:"within,omitempty"`
	N      int     `json:"n,omitempty"`
}

type table struct {
	Units    int      `json:"units"`
	Cores    int      `json:"cores"`
	LoadAvg  string   `json:"load_average_before"`
	Rows     []row    `json:"rows"`
	Notes    []string `json:"notes"`
	OwedLost uint64   `json:"owed_lost"` // neither stored nor held
	OwedLate uint64   `json:"owed_late"` // still held 20 s after the last was made
}

func newTable(units int) *table {
	avg, _ := os.ReadFile("/proc/loadavg")
	f := strings.Fields(string(avg))
	return &table{Units: units, Cores: runtime.NumCPU(), LoadAvg: strings.Join(f[:min(3, len(f))], " ")}
}

// Budgets of DESIGN §12.
const (
	keyBudget     = 100 * time.Millisecond
	monitorBudget = 250 * time.Millisecond
	actBudget     = 20 * time.Millisecond
	owedBudget    = 10 * time.Millisecond
	owedLeast     = 8000
	agentCores    = 0.03
	agentMiB      = 30
	liveLostMost  = 0.001
)

// times adds a row of durations; budget 0 is none.
func (t *table) times(what string, s, raw samples, budget time.Duration) {
	r := row{What: what, Median: ms(s.at(500)), P99: ms(s.at(990)), N: len(s)}
	if len(raw) > 0 {
		r.Raw, r.Ratio = ms(raw.at(500))+" / "+ms(raw.at(990)), ratio(float64(s.at(500)), float64(raw.at(500)))
	}
	if budget > 0 {
		r.Budget, r.Within = "p99 ≤ "+ms(budget), yes(len(s) > 0 && s.at(990) <= budget)
	}
	t.Rows = append(t.Rows, r)
}

func (t *table) city(idle, full watched, l lost) {
	at := fmt.Sprintf(", %d units", t.Units)
	t.times("key → console frame, idle", idle.light, idle.bare, keyBudget)
	t.times("key → console frame"+at, full.light, full.bare, keyBudget)
	t.times("key on a whole agent (its disk too) → console, idle", idle.whole, idle.bare, keyBudget)
	t.times("key on a whole agent → console"+at, full.whole, full.bare, keyBudget)
	t.times("monitor byte → hospital frame, idle", idle.readings, idle.bare, monitorBudget)
	t.times("monitor byte → hospital frame"+at, full.readings, full.bare, monitorBudget)
	t.times("first sample of an ECG frame → hospital"+at, full.waves, full.bare, monitorBudget)
	t.times("desk's act → durable answer"+at, full.acts, nil, actBudget)
	t.Rows = append(t.Rows,
		row{What: "dispatcher's CPU" + at + ", of one core", Median: percent(full.server.cores), Raw: percent(idle.server.cores) + " idle",
			Ratio: ratio(full.server.cores, idle.server.cores)},
		row{What: "dispatcher's memory" + at + ", resident", Median: mib(full.server.rssMiB), Raw: mib(idle.server.rssMiB) + " idle",
			Ratio: ratio(full.server.rssMiB, idle.server.rssMiB)})
	gone := float64(l.missed) + l.dropped + float64(l.full)
	r := row{What: "live messages lost" + at, Median: fmt.Sprintf("%.0f of %d", gone, l.live), Budget: "< 0.1 %", Within: yes(l.err == nil && gone < liveLostMost*float64(l.live))}
	if l.err != nil {
		r.Median = l.err.Error()
	}
	t.Rows = append(t.Rows, r)
	t.Notes = append(t.Notes, fmt.Sprintf("%d owed messages were sent again from the backlog; screens were cut off %d times; %d acts of the desk were not recorded within 1 s (DLV-006)",
		l.again, full.cut, idle.late+full.late),
		fmt.Sprintf("values of the monitor that reached the hospital, of those written to its port: %d of %d idle, %d of %d%s",
			len(idle.readings), idle.written, len(full.readings), full.written, at),
		fmt.Sprintf("the load generator itself took %s of one core at %d units, beside the dispatcher's %s", percent(full.self.cores), t.Units, percent(full.server.cores)))
}

func (t *table) owed(disk samples, flood, readings, urgent outcome) {
	syncs := 1 / disk.at(500).Seconds()
	t.Rows = append(t.Rows, row{What: "owed messages stored and answered, a second", Median: fmt.Sprintf("%.0f", flood.perSecond),
		Raw: fmt.Sprintf("%.0f fsync/s", syncs), Ratio: ratio(flood.perSecond, syncs), Budget: fmt.Sprintf("≥ %d", owedLeast), Within: yes(flood.perSecond >= owedLeast)})
	t.times("owed, urgent, 1,000/s: sent → word \"stored\"", urgent.delays, disk, owedBudget)
	t.times("owed, readings, 1,000/s (answers gathered for 100 ms)", readings.delays, disk, 0)
	t.Notes = append(t.Notes, fmt.Sprintf("dispatcher's CPU, of one core: %s at %.0f/s, %s at 1,000 readings/s, %s at 1,000 urgent/s (sent %.0f/s)",
		percent(flood.server.cores), flood.perSecond, percent(readings.server.cores), percent(urgent.server.cores), urgent.perSecond))
}

func (t *table) agent(busy, bare usage) {
	t.Rows = append(t.Rows,
		row{What: "agent's CPU, all devices, of one core", Median: percent(busy.cores), Raw: percent(bare.cores) + " no devices", Ratio: ratio(busy.cores, bare.cores),
			Budget: "≤ " + percent(agentCores), Within: yes(busy.cores <= agentCores)},
		row{What: "agent's memory, all devices, resident", Median: mib(busy.rssMiB), Raw: mib(bare.rssMiB) + " no devices", Ratio: ratio(busy.rssMiB, bare.rssMiB),
			Budget: "≤ " + mib(agentMiB), Within: yes(busy.rssMiB <= agentMiB)})
	t.Notes = append(t.Notes, fmt.Sprintf("the agent's proportional memory (PSS) is %s; %s of it resident pages of the program file are shared by all agents of a machine",
		mib(busy.pssMiB), mib(busy.rssMiB-busy.pssMiB)))
}

func (t *table) print(w io.Writer) {
	fmt.Fprintf(w, "\n%d units, %d cores, load average before: %s. Everything runs on this machine, the load generator too.\nraw: the bare cost in the same run, median / p99: a message through the same broker (QoS 1, 400 B), write and fsync of 400 B.\n\n",
		t.Units, t.Cores, t.LoadAvg)
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tw, "what\tmedian\tp99\traw\t× raw\tbudget\twithin\tn")
	for _, r := range t.Rows {
		x, n := "", ""
		if r.Ratio > 0 {
			x = fmt.Sprintf("%.1f", r.Ratio)
		}
		if r.N > 0 {
			n = fmt.Sprint(r.N)
		}
		fmt.Fprintln(tw, strings.Join([]string{r.What, r.Median, r.P99, r.Raw, x, r.Budget, r.Within, n}, "\t"))
	}
	tw.Flush()
	fmt.Fprintf(w, "owed records lost: %d; not yet delivered 20 s after the last was made: %d\n", t.OwedLost, t.OwedLate)
	for _, n := range t.Notes {
		fmt.Fprintln(w, n)
	}
}

func ratio(a, b float64) float64 {
	if b == 0 {
		return 0
	}
	return a / b
}

func ms(d time.Duration) string {
	if d < 10*time.Millisecond {
		return fmt.Sprintf("%.2f ms", d.Seconds()*1e3)
	}
	return fmt.Sprintf("%.0f ms", d.Seconds()*1e3)
}

func percent(f float64) string { return fmt.Sprintf("%.1f %%", 100*f) }
func mib(f float64) string     { return fmt.Sprintf("%.1f MiB", f) }

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "NO"
}
