package address

import (
	"strings"
	"unicode"
)

// fold brings what is written differently and means the same together: capitals, full-width digits, blanks and marks.
func fold(s string) string {
	var b strings.Builder
	for _, r := range s {
		if r = foldRune(r); r != 0 {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// foldRune gives the folded character, or 0 for one that says nothing.
func foldRune(r rune) rune {
	switch {
	case r >= '！' && r <= '～':
		r -= '！' - '!'
	case strings.ContainsRune("·・‧’‘“”。，", r):
		return 0
	}
	if unicode.IsSpace(r) || unicode.IsControl(r) || strings.ContainsRune("'\",()", r) {
		return 0
	}
	return unicode.ToLower(r)
}

// starts gives where in a folded text somebody may begin: at every Chinese character and at every word of letters or digits.
func starts(name string, most int) (text string, at []uint16) {
	var b strings.Builder
	word := false
	for _, r := range name {
		f := foldRune(r)
		if f == 0 {
			word = false
			continue
		}
		if most--; most < 0 {
			break
		}
		han := unicode.Is(unicode.Han, f)
		if han || !word {
			at = append(at, uint16(b.Len()))
		}
		word = !han
		b.WriteRune(f)
	}
	return b.String(), at
}

func hasHan(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return unicode.Is(unicode.Han, r) })
}

func isLatin(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r > unicode.MaxASCII })
}
