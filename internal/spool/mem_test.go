package spool_test

import (
	"testing"

	"lifeline120/internal/spool"
	"lifeline120/internal/spool/spooltest"
)

// memDisk drops the spool to crash it.
type memDisk struct{ *spool.MemDisk }

func (d memDisk) Open(o spool.Options) (spool.Spool, error) { return spool.NewMem(d.MemDisk, o) }
func (d memDisk) Crash() error                              { return nil }
func (d memDisk) Fill(full bool)                            { d.MemDisk.Fill(full) }

func TestMem(t *testing.T) {
	spooltest.Run(t, func(*testing.T) spooltest.Disk { return memDisk{&spool.MemDisk{}} })
}
