package store_test

import (
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"lifeline120/internal/journal"
	"lifeline120/internal/store"
	"lifeline120/internal/store/pgtest"
	"lifeline120/internal/store/storetest"
)

// behind runs SQL behind the store's back.
func behind(t *testing.T, driver, url, text string) {
	t.Helper()
	db, err := sql.Open(driver, url)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(text); err != nil {
		t.Fatal(err)
	}
}

// refusedAs wants opening to fail as is, with words that tell what to do.
func refusedAs(t *testing.T, cfg store.Config, is error, words ...string) {
	t.Helper()
	s, err := store.Open(t.Context(), cfg)
	if err == nil {
		s.Close()
		t.Fatalf("opened; want an error about %q", words)
	}
	if is != nil && !errors.Is(err, is) {
		t.Errorf("got %v, want %v", err, is)
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("the error %q does not say %q", err, w)
		}
	}
}

func TestOpen_WrongConfigurationSaysWhatToChange(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	refusedAs(t, store.Config{}, nil, "either a data folder or a database")
	refusedAs(t, store.Config{Dir: "a", URL: "b"}, nil, "either a data folder or a database")
	refusedAs(t, store.Config{Dir: file}, nil, "data folder", "--data")
	refusedAs(t, store.Config{URL: "postgres://u:secret@host:port/x"}, nil, "--database")
	refusedAs(t, store.Config{URL: "postgres://u:secret@127.0.0.1:1/nowhere"}, nil, "127.0.0.1:1", "nowhere", "--database")
	refusedAs(t, store.Config{Dir: filepath.Join(t.TempDir(), "none"), ReadOnly: true}, nil, "centre.db")
	if _, err := store.Open(t.Context(), store.Config{URL: "postgres://u:secret@127.0.0.1:1/nowhere"}); strings.Contains(err.Error(), "secret") {
		t.Errorf("the error tells the password: %v", err)
	}
}

func TestEVO001_NewerSchemaIsRefused(t *testing.T) {
	const newer = `INSERT INTO goose_db_version (version_id, is_applied) VALUES (999, true)`
	t.Run("sqlite", func(t *testing.T) {
		cfg := store.Config{Dir: t.TempDir()}
		mustOpen(t, cfg).Close()
		behind(t, "sqlite", filepath.Join(cfg.Dir, "centre.db"), newer)
		refusedAs(t, cfg, store.ErrNewer, "schema is 999", "newer program")
	})
	t.Run("postgres", func(t *testing.T) {
		server := pgtest.Start(t)
		cfg := store.Config{URL: server.URL(server.NewDatabase(t))}
		mustOpen(t, cfg).Close()
		behind(t, "pgx", cfg.URL, newer)
		refusedAs(t, cfg, store.ErrNewer, "schema is 999", "newer program")
	})
}

// One changed value must not turn a demo into a live store.
func TestSCR003_DemoFlagAloneDoesNotMakeItLive(t *testing.T) {
	cfg := store.Config{Dir: t.TempDir(), Demo: true}
	mustOpen(t, cfg).Close()
	behind(t, "sqlite", filepath.Join(cfg.Dir, "centre.db"), `UPDATE store SET demo = 0`)
	refusedAs(t, store.Config{Dir: cfg.Dir}, store.ErrDamaged, "restore")
}

// A store whose file is gone is a lost store, not a new one.
func TestDLV001_LostFileIsNotAFreshStart(t *testing.T) {
	for name, lose := range map[string]func(path string) error{
		"deleted": os.Remove,
		"emptied": func(p string) error { return os.Truncate(p, 0) },
		"replaced by an empty database": func(p string) error {
			if err := os.Remove(p); err != nil {
				return err
			}
			db, err := sql.Open("sqlite", p)
			if err != nil {
				return err
			}
			defer db.Close()
			_, err = db.Exec(`CREATE TABLE x (a)`)
			return err
		},
		"replaced by text": func(p string) error { return os.WriteFile(p, []byte(strings.Repeat("not a database\n", 1000)), 0o600) },
	} {
		t.Run(name, func(t *testing.T) {
			cfg := store.Config{Dir: t.TempDir()}
			s := mustOpen(t, cfg)
			if _, err := s.Append(t.Context(), owedEntry("u1", 10)); err != nil {
				t.Fatal(err)
			}
			s.Close()
			if err := lose(filepath.Join(cfg.Dir, "centre.db")); err != nil {
				t.Fatal(err)
			}
			refusedAs(t, cfg, store.ErrDamaged, "centre.db", "restore")
			refusedAs(t, store.Config{Dir: cfg.Dir, ReadOnly: true}, store.ErrDamaged, "centre.db", "restore")
		})
	}
}

// Open itself sees a tail that does not carry on, before anything is written behind it.
func TestACC002_ChangedTailIsNotOpened(t *testing.T) {
	cfg := store.Config{Dir: t.TempDir()}
	s := mustOpen(t, cfg)
	for seq := uint64(10); seq < 100; seq += 10 {
		if _, err := s.Append(t.Context(), owedEntry("u1", seq)); err != nil {
			t.Fatal(err)
		}
	}
	s.Close()
	db := filepath.Join(cfg.Dir, "centre.db")
	behind(t, "sqlite", db, `UPDATE event SET actor = 'desk/9' WHERE seq = 5`)
	refusedAs(t, cfg, store.ErrDamaged, "event 5", "restore")
	behind(t, "sqlite", db, `UPDATE event SET actor = 'desk/1' WHERE seq = 5`)
	mustOpen(t, cfg).Close()
	behind(t, "sqlite", db, `DELETE FROM event WHERE seq = 9`)
	refusedAs(t, cfg, store.ErrDamaged, "does not end at event 9", "restore")
}

// A reader works beside a running dispatcher, and writes nothing.
func TestACC002_VerifyBesideARunningDispatcher(t *testing.T) {
	cfg := store.Config{Dir: t.TempDir()}
	s := mustOpen(t, cfg)
	if _, err := s.Append(t.Context(), owedEntry("u1", 10)); err != nil {
		t.Fatal(err)
	}
	r := mustOpen(t, store.Config{Dir: cfg.Dir, ReadOnly: true})
	if report, err := store.Verify(t.Context(), r, nil); err != nil || report.Events != 1 {
		t.Fatal(report, err)
	}
	if lanes, err := r.Lanes(t.Context()); err != nil || len(lanes) != 1 || !lanes[0].Set.Has(10) {
		t.Fatal(lanes, err)
	}
	if _, err := r.Append(t.Context(), owedEntry("u1", 20)); !errors.Is(err, store.ErrReadOnly) {
		t.Fatalf("got %v, want ErrReadOnly", err)
	}
	if _, err := s.Append(t.Context(), owedEntry("u1", 20)); err != nil {
		t.Fatal(err)
	}
	if report, err := store.Verify(t.Context(), r, nil); err != nil || report.Events != 2 {
		t.Fatal(report, err)
	}
}

// A call that the database refuses, at its row or only at the commit, fails alone; those that shared its commit go on.
func TestDLV006_FailingCallDoesNotPoisonOthers(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) {
		cfg := store.Config{Dir: t.TempDir()}
		s := mustOpen(t, cfg)
		behind(t, "sqlite", filepath.Join(cfg.Dir, "centre.db"),
			`CREATE TRIGGER t BEFORE INSERT ON event WHEN NEW.type = 'bad' BEGIN SELECT RAISE(ABORT, 'no'); END`)
		someFail(t, s)
	})
	t.Run("postgres", func(t *testing.T) {
		server := pgtest.Start(t)
		for name, when := range map[string]string{"row": "", "commit": "DEFERRABLE INITIALLY DEFERRED"} {
			t.Run(name, func(t *testing.T) {
				url := server.URL(server.NewDatabase(t))
				s := mustOpen(t, store.Config{URL: url})
				behind(t, "pgx", url, `CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'no'; END$$`)
				behind(t, "pgx", url, `CREATE CONSTRAINT TRIGGER t AFTER INSERT ON event `+when+` FOR EACH ROW WHEN (NEW.type = 'bad') EXECUTE FUNCTION no()`)
				someFail(t, s)
			})
		}
	})
}

// someFail appends 64 events at once, of which every eighth is bad.
func someFail(t *testing.T, s store.Store) {
	t.Helper()
	const n = 64
	errs := make(chan error, n)
	for i := range n {
		go func() {
			typ := "good"
			if i%8 == 0 {
				typ = "bad"
			}
			_, err := s.Append(t.Context(), []store.Entry{{Events: []journal.Event{storetest.Event(typ, `{}`)}}})
			if (err != nil) == (typ == "bad") && !errors.Is(err, store.ErrUncertain) {
				errs <- nil
				return
			}
			errs <- fmt.Errorf("%s event: %v", typ, err)
		}()
	}
	for range n {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	if r, err := store.Verify(t.Context(), s, nil); err != nil || r.Events != n-n/8 {
		t.Fatalf("%d events: %v", r.Events, err)
	}
}

func contains(err error, word string) bool { return strings.Contains(err.Error(), word) }
