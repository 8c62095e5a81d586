package address

import (
	"slices"

	"lifeline120/internal/ems"
)

// Past finds addresses that help was called to before, those called to most often first. It is read only.
type Past struct{ ix *Index }

// Address is one that was called to: what was written, where it was, and how often. Nothing else of a call is kept.
type Address struct {
	Text  string
	Pos   ems.WGS84
	Times int
}

// NewPast makes the index of at most MaxPast addresses.
func NewPast(list []Address) *Past {
	b := &Book{}
	for _, a := range list[:min(len(list), MaxPast)] {
		b.Places = append(b.Places, Named{Name: a.Text, Kind: Landmark, Pos: a.Pos, Times: a.Times})
	}
	return &Past{New(b, nil)}
}

// Len is how many addresses can be found.
func (p *Past) Len() int {
	if p == nil {
		return 0
	}
	return p.ix.Len()
}

// find gives the best, and some more: of those that the city's own book knows none is shown twice.
func (p *Past) find(text string) []candidate {
	if p.Len() == 0 {
		return nil
	}
	b := p.ix.best(2*pastHits, nil, false)
	p.ix.look(b, text)
	if len(b.top) == 0 {
		p.ix.alike(b, text)
	}
	return slices.Clone(b.top)
}

func (p *Past) hit(c candidate) Hit {
	it := &p.ix.items[c.item]
	return Hit{Name: it.Name, Kind: Called, Pos: it.Pos, Match: c.class.match(), By: c.by, Times: it.Times}
}
