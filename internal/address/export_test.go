package address

// Spell is the commonest reading of a name.
func Spell(name string) string {
	if s := (reader{}).spell(fold(name), 1); s != nil {
		return s[0].word
	}
	return fold(name)
}

// Initials are those of the commonest reading.
func Initials(name string) string {
	if s := (reader{}).spell(fold(name), 1); s != nil {
		return s[0].initials
	}
	return fold(name)
}
