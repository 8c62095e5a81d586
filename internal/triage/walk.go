package triage

import "slices"

// test says whether an answer takes a way.
type test func(Input) bool

// node is one question of a walk, or its end: an outcome.
type node struct {
	item    Item
	ways    []way
	outcome string
}

// way leads from a question to the next node. For each answer exactly one way of a node is open.
type way struct {
	when test
	to   *node
}

func ask(item Item, ways ...way) *node { return &node{item: item, ways: ways} }

func end(o Outcome) *node { return &node{outcome: o.Code} }

// is takes the named choices.
func is(choices ...string) test {
	return func(in Input) bool { return in.Choice != "" && slices.Contains(choices, in.Choice) }
}

// number takes numbers for which f holds. A device's 351 tenths are 35.1, whatever binary fractions make of them.
func number(f func(float64) bool) test {
	return func(in Input) bool { return in.Number != nil && f(round(*in.Number)) }
}

// either takes what a or b takes.
func either(a, b test) test { return func(in Input) bool { return a(in) || b(in) } }

// yesNo is a question with two ways.
func yesNo(item Item, yes, no *node) *node { return ask(item, way{is(Yes), yes}, way{is(No), no}) }

// walkFrom is the engine of decision walks. An unanswered question is walked on by all its ways at once: what stands at their ends is what
// is still possible, and what is asked on them is what is missing. So more answers only ever take outcomes away.
func walkFrom(first *node) func(answers) found {
	return func(a answers) found {
		var f found
		follow(first, a, &f)
		f.enough = len(f.possible) == 1
		return f
	}
}

func follow(n *node, a answers, f *found) {
	if n.outcome != "" {
		if !slices.Contains(f.possible, n.outcome) {
			f.possible = append(f.possible, n.outcome)
		}
		return
	}
	in, known := a[n.item]
	switch {
	case !known && !slices.Contains(f.missing, n.item):
		f.missing = append(f.missing, n.item)
	case known && !slices.ContainsFunc(f.parts, func(p Part) bool { return p.Item == n.item }):
		f.parts = append(f.parts, Part{Input: in})
	}
	for _, w := range n.ways {
		if !known || w.when(in) {
			follow(w.to, a, f)
		}
	}
}
