package link

import "testing"

func TestTopic_ThereAndBack(t *testing.T) {
	r, u, rest, err := ParseTopic(Topic("hz", "hz-01", UpWave))
	if err != nil || r != "hz" || u != "hz-01" || rest != UpWave {
		t.Fatalf("%s %s %s %v", r, u, rest, err)
	}
	for _, bad := range []string{"", "ems/v1/hz/hz-01", "ems/v2/hz/hz-01/up/live", "ems/v1//hz-01/up/live", "ems/v1/hz/../up/live", "ems/v1/HZ/u/up/live", "x"} {
		if _, _, _, err := ParseTopic(bad); err == nil {
			t.Errorf("%q was taken for a topic of ours", bad)
		}
	}
}

func TestMatch(t *testing.T) {
	for _, c := range []struct {
		filter, topic string
		want          bool
	}{
		{"a/b", "a/b", true}, {"a/b", "a/c", false}, {"a/b", "a", false}, {"a", "a/b", false},
		{"a/+", "a/b", true}, {"a/+", "a", false}, {"a/+", "a/b/c", false}, {"+/b", "a/b", true}, {"+", "a", true}, {"+", "a/b", false},
		{"#", "a/b/c", true}, {"a/#", "a/b/c", true}, {"a/#", "a", true}, {"a/#", "b", false}, {"a/+/c", "a/b/c", true}, {"a/+/c", "a/b/d", false},
		{"a/+/#", "a", false}, {"ems/v1/hz/+/up/backlog/wave", "ems/v1/hz/u-1/up/backlog/wave", true},
	} {
		if got := Match(c.filter, c.topic); got != c.want {
			t.Errorf("Match(%q, %q) = %v", c.filter, c.topic, got)
		}
	}
}

func FuzzParseTopic(f *testing.F) {
	for _, s := range []string{"ems/v1/hz/hz-01/up/live", "ems/v1///", "", "ems/v1/hz/hz-01/"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		r, u, rest, err := ParseTopic(s)
		if err == nil && Topic(r, u, rest) != s {
			t.Errorf("%q came back as %q", s, Topic(r, u, rest))
		}
		Match(s, "ems/v1/hz/hz-01/up/live")
		Match("ems/v1/+/+/up/#", s)
	})
}
