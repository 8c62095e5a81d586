package address

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"lifeline120/internal/ems"
)

// question is what was asked: folded, and as it was written, character by character.
type question struct {
	text    string
	written []rune
}

func ask(q string) question {
	var out question
	var b strings.Builder
	for _, r := range q {
		if f := foldRune(r); f != 0 && len(out.written) < maxQuestion {
			b.WriteRune(f)
			out.written = append(out.written, r)
		}
	}
	out.text = b.String()
	return out
}

// rest gives the end of a question as it was written.
func (q question) rest(folded string) string {
	n := min(utf8.RuneCountInString(folded), len(q.written))
	return string(q.written[len(q.written)-n:])
}

// Search gives the n best places for a question, best first. Equally good ones come by kind and, given a hint, by how near they are to it. The
// same question gets the same answer.
func (ix *Index) Search(asked string, hint *ems.WGS84, n int) []Hit {
	return ix.SearchWith(nil, asked, hint, n)
}

// SearchWith is Search over the places and over what was called to before, which may be nil.
func (ix *Index) SearchWith(past *Past, asked string, hint *ems.WGS84, n int) []Hit {
	asked = asked[:min(len(asked), 8*maxQuestion)]
	q := ask(asked)
	if q.text == "" || n <= 0 {
		return nil
	}
	n = min(n, MaxHits)
	b := ix.best(n, hint, false)
	ix.look(b, q.text)
	type ranked struct {
		class class
		Hit
	}
	var hits []ranked
	// 岚汀市北关区建国路93号: what stands in front narrows down, and is not part of the name.
	text, near := q.text, hint
	for range 5 {
		for _, h := range ix.onRoad(asked, q, text, near, n) {
			hits = append(hits, ranked{h.class, h.Hit})
		}
		area, after := ix.area(text)
		if after == "" {
			break
		}
		text, near = after, area
		if len(b.top) == 0 || b.top[0].class > exact {
			ix.look(b, text)
		}
	}
	if len(hits) == 0 || hits[0].class > exact {
		ix.guess(b, q, text, len(hits) == 0)
	}
	for _, c := range b.top {
		it := &ix.items[c.item]
		hits = append(hits, ranked{c.class, Hit{Name: it.Name, Kind: it.Kind, Pos: it.Pos, Box: it.Box, Match: c.class.match(), By: c.by, Rest: c.rest}})
	}
	often, given := 0, 0
	for _, c := range past.find(q.text) {
		h := ranked{c.class, past.hit(c)}
		if given == pastHits || slices.ContainsFunc(hits, func(o ranked) bool { return fold(o.Name+o.Rest) == fold(h.Name) }) {
			continue
		}
		given++
		if h.Times > 1 && c.class != exact { // help is called again to where it was called often
			hits = slices.Insert(hits, often, h)
			often++
		} else {
			hits = append(hits, h)
		}
	}
	slices.SortStableFunc(hits, func(a, b ranked) int { return cmp.Compare(a.class, b.class) })
	out := make([]Hit, 0, min(n, len(hits)))
	for _, h := range hits {
		if len(out) < n && !slices.ContainsFunc(out, func(o Hit) bool { return o.Name == h.Name && o.Kind == h.Kind && o.Pos == h.Pos }) {
			h.Area = ix.areaAt(h.Pos, h.Name)
			out = append(out, h.Hit)
		}
	}
	return out
}

// look finds names that are, begin with, or have in them what was asked; letters also as pinyin and as initials.
func (ix *Index) look(b *best, text string) {
	ix.names.look(b, text, ByName)
	if isLatin(text) {
		if len(text) > 1 { // one letter of pinyin is an initial
			ix.pinyin.look(b, text, ByPinyin)
		}
		ix.initials.look(b, text, ByInitials)
	}
}

func (t *table) look(b *best, q string, by By) {
	same, begun := t.exactly(q), t.begin(q)
	b.sweep(exact, by, same)
	if !b.full(prefix) {
		b.sweep(prefix, by, begun[len(same):])
	}
	if !b.full(inside) {
		b.sweep(inside, by, t.within(q))
	}
}

// guess finds names that are written or spoken a little differently.
func (ix *Index) guess(b *best, q question, text string, alone bool) {
	if !b.full(sound) {
		ix.alike(b, text)
		ix.shortened(b, text)
	}
	if len(b.top) == 0 && alone {
		ix.shorter(b, q, text)
	}
	if len(b.top) == 0 && alone {
		if isLatin(text) {
			ix.mistyped(b, text)
		} else {
			ix.miswritten(b, text)
		}
	}
}

// alike finds names that sound the same: 音雀山 for 银雀山. Syllables are compared whole.
func (ix *Index) alike(b *best, text string) {
	if utf8.RuneCountInString(text) < 2 || isLatin(text) {
		return
	}
	last, _ := utf8.DecodeLastRuneInString(text)
	partly := last <= unicode.MaxASCII && unicode.IsLetter(last) // the last syllable is still being typed
	for _, s := range ix.say(text) {
		for _, list := range [][]part{ix.pinyin.begin(s), ix.pinyin.within(s)} {
			for _, p := range list {
				if partly || len(ix.pinyin.text[p.text]) == int(p.at)+len(s) || slices.Contains(ix.syllables[p.text], p.at+uint16(len(s))) {
					b.offer(sound, BySound, p.item, "")
				}
			}
		}
	}
}

// shortened finds hospitals and schools by the few characters that they are called by: 市一院 is 岚汀市第一人民医院.
func (ix *Index) shortened(b *best, text string) {
	if utf8.RuneCountInString(text) < 2 || isLatin(text) {
		return
	}
	for _, id := range ix.long {
		left := text
		for _, r := range ix.items[id].Name {
			if first, n := utf8.DecodeRuneInString(left); r == first {
				left = left[n:]
			}
		}
		if left == "" {
			b.offer(sound, ByShort, id, "")
		}
	}
}

// say gives the readings of a question. It does not write into what the index remembers.
func (ix *Index) say(text string) []string {
	all := []string{""}
	fresh := reader{}
	for _, r := range text {
		readings, ok := ix.held[r]
		if !ok {
			readings = fresh.of(r)
		}
		if readings == nil {
			continue
		}
		var next []string
		for _, x := range readings {
			for _, a := range all {
				if len(next) < maxReadings {
					next = append(next, a+x)
				}
			}
		}
		all = next
	}
	return slices.DeleteFunc(all, func(s string) bool { return s == "" })
}

// shorter finds the longest beginning of a question that is a name: 人民医院门口, 建国路沃尔玛旁边.
func (ix *Index) shorter(b *best, q question, text string) {
	rs := []rune(text)
	for n := len(rs) - 1; n >= 2; n-- {
		head, tail := string(rs[:n]), string(rs[n:])
		for _, p := range ix.names.exactly(head) {
			b.offer(onlyPart, ByPart, p.item, q.rest(tail))
		}
		if len(b.top) > 0 {
			return
		}
	}
}

// miswritten finds names in which one character differs, is missing or is too many. Of what was asked the longer part beside the mistake is
// looked up, and the other compared.
func (ix *Index) miswritten(b *best, text string) {
	var at []int // where each character begins
	for i := range text {
		at = append(at, i)
	}
	at = append(at, len(text))
	m := len(at) - 1
	if m < 3 {
		return
	}
	left := compared
	for i := range m {
		a, x, z := text[:at[i]], text[at[i]:at[i+1]], text[at[i+1]:]
		if len(a) >= len(z) {
			ix.names.each(a, &left, func(p part) {
				after := ix.names.text[p.text][int(p.at)+len(a):]
				_, one := utf8.DecodeRuneInString(after)
				if strings.HasPrefix(after, z) && z != "" || one > 0 && (strings.HasPrefix(after[one:], z) || strings.HasPrefix(after[one:], x+z)) {
					b.offer(typo, ByTypo, p.item, "")
				}
			})
			continue
		}
		ix.names.each(z, &left, func(p part) {
			before := ix.names.text[p.text][:p.at]
			_, one := utf8.DecodeLastRuneInString(before)
			if strings.HasSuffix(before, a) && a != "" || one > 0 && (strings.HasSuffix(before[:len(before)-one], a) || strings.HasSuffix(before[:len(before)-one], a+x)) {
				b.offer(typo, ByTypo, p.item, "")
			}
		})
	}
}

// each goes over the texts that have q in them.
func (t *table) each(q string, left *int, f func(part)) {
	for _, list := range [][]part{t.begin(q), t.within(q)} {
		list = list[:min(len(list), *left)]
		*left -= len(list)
		for _, p := range list {
			f(p)
		}
	}
}

// mistyped finds pinyin and Latin names in which one letter differs, is missing, is too many, or changed places with the next.
func (ix *Index) mistyped(b *best, text string) {
	if len(text) < 4 || len(text) > 24 {
		return
	}
	try := func(s string) {
		for _, t := range []*table{&ix.pinyin, &ix.names} {
			b.sweep(typo, ByTypo, t.begin(s))
			b.sweep(typo, ByTypo, t.within(s))
		}
	}
	for i := 0; i <= len(text); i++ {
		for c := byte('a'); c <= 'z'; c++ {
			if i > 0 { // the first letter is hardly ever missing
				try(text[:i] + string(c) + text[i:])
			}
			if i < len(text) && text[i] != c {
				try(text[:i] + string(c) + text[i+1:])
			}
		}
		if i < len(text) {
			try(text[:i] + text[i+1:])
		}
		if i+1 < len(text) && text[i] != text[i+1] {
			try(text[:i] + text[i+1:i+2] + text[i:i+1] + text[i+2:])
		}
	}
}

// area takes the name of an area off the front of an address.
func (ix *Index) area(text string) (at *ems.WGS84, after string) {
	rs := []rune(text)
	for n := min(len(rs)-1, 12); n >= 2; n-- {
		if !strings.ContainsRune("省市区县镇乡道村", rs[n-1]) {
			continue
		}
		for _, p := range ix.names.exactly(string(rs[:n])) {
			if it := &ix.items[p.item]; it.Kind == Area || it.Kind == Village {
				return &it.Pos, string(rs[n:])
			}
		}
	}
	return nil, ""
}
