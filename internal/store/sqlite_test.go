package store_test

import (
	"database/sql"
	"path/filepath"
	"testing"

	"lifeline120/internal/journal"
	"lifeline120/internal/store"
	"lifeline120/internal/store/storetest"
)

// rewrite replaces all events by plain SQL, as someone with the engine's own tool could.
func rewrite(t *testing.T, db *sql.DB, events []journal.Event) {
	t.Helper()
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	if _, err := tx.Exec(`DELETE FROM event`); err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		if _, err := tx.Exec(`INSERT INTO event (seq, at_us, actor, stream, type, body, hash) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
			int64(e.Seq), e.At.UnixMicro(), e.Actor, e.Stream, e.Type, []byte(e.Body), e.Hash[:]); err != nil {
			t.Fatal(err)
		}
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
}

func TestSQLite(t *testing.T) {
	storetest.Run(t, func(t *testing.T) storetest.Place {
		dir := t.TempDir()
		return storetest.Place{
			Open: func(demo bool) (store.Store, error) {
				return store.Open(t.Context(), store.Config{Dir: dir, Demo: demo})
			},
			Rewrite: func(events []journal.Event) {
				db, err := sql.Open("sqlite", filepath.Join(dir, "centre.db"))
				if err != nil {
					t.Fatal(err)
				}
				defer db.Close()
				rewrite(t, db, events)
			},
			Look: func() (store.Store, error) { return store.Open(t.Context(), store.Config{Dir: dir, ReadOnly: true}) },
		}
	})
}
