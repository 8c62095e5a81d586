package dispatcher

import (
	"errors"
	"net/http/httptest"
	"testing"
)

func TestOriginsAreWhatBrowsersSend(t *testing.T) {
	for _, bad := range []string{"nonsense", "a.example", "a.example:8120", "//a.example", "ws://a.example", "https://", "https://:443", "https://a.example/console", "https://a.example?x", "https://u@a.example", "*"} {
		if _, err := origins([]string{bad}); !errors.As(err, new(*ConfigError)) {
			t.Errorf("%q is taken, and matches no page: %v", bad, err)
		}
	}
	ok, err := origins([]string{"https://A.example:443/", "http://b.example:8080"})
	if err != nil {
		t.Fatal(err)
	}
	for origin, want := range map[string]bool{"": true, "https://a.example": true, "http://a.example": false, "http://b.example:8080": true, "http://b.example": false,
		"https://c.example": false, "http://centre.example": true} {
		r := httptest.NewRequest("GET", "http://centre.example/ws", nil)
		r.Header.Set("Origin", origin)
		if got := ok(r); got != want {
			t.Errorf("a page of %q: %v, want %v", origin, got, want)
		}
	}
	if ok, err := origins(nil); ok != nil || err != nil {
		t.Error("without any the feed's own check holds:", err)
	}
}
