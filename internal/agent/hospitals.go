package agent

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"lifeline120/internal/cab"
	"lifeline120/internal/courier"
	"lifeline120/internal/ems"
	"lifeline120/internal/wire"
	pb "lifeline120/internal/wire/proto"
)

// hospitals puts on the terminal's API what the choice of a hospital needs. The ranking is the centre's; without a link there is none, and
// the terminal lists hospitals by its own distance and says so.
func (v *Vehicle) hospitals(api huma.API) {
	huma.Register(api, huma.Operation{OperationID: "mission-hospitals", Method: http.MethodGet, Path: "/api/v1/missions/{id}/hospitals"},
		func(ctx context.Context, in *struct {
			ID      string `path:"id" maxLength:"64"`
			Pathway string `query:"pathway" maxLength:"32"`
		}) (*answer[wire.TerminalRanking], error) {
			return &answer[wire.TerminalRanking]{v.askHospitals(ctx, ems.MissionID(in.ID), in.Pathway)}, nil
		})
	postTo(api, "/api/v1/missions/{id}/assessment", "mission-assessment", func(ctx context.Context, id string, b wire.TerminalAssess) (wire.Done, error) {
		if b.ID == "" {
			b.ID = v.NewID()
		}
		a := &pb.Assessment{Id: b.ID, Mission: id, By: b.By, Lvo: b.LVO, Severe: b.Severe, Unstable: b.Unstable, LastWellUnknown: b.LastWellUnknown}
		if b.LastWell != nil {
			a.LastWellUs = b.LastWell.UnixMicro()
		}
		if b.Wish != nil {
			wish := string(*b.Wish)
			a.Wish = &wish
		}
		return v.act(ctx, func(c cab.Clock) ([]cab.Owe, error) { return v.cab.Assess(c, a) })
	})
}

// askHospitals asks the centre and waits a little; no link, no mission of ours and no answer in time are no ranking.
func (v *Vehicle) askHospitals(ctx context.Context, m ems.MissionID, pathway string) wire.TerminalRanking {
	ctx, cancel := context.WithTimeout(ctx, askPatience)
	defer cancel()
	id, got := v.NewID(), make(chan wire.HospitalRanking, 1)
	sent := false
	err := v.Do(ctx, func() error {
		if _, known := v.cab.Missions[m]; !known || len(v.asks) >= maxAsks {
			return nil
		}
		it, err := v.item(pb.Lane_LANE_NONE, pb.Kind_KIND_HOSPITALS_ASKED, &pb.HospitalsAsked{Ask: id, Mission: string(m), Pathway: pathway})
		if err != nil {
			return err
		}
		o, up := v.sender.Live(v.instant(), it)
		if !up {
			return nil
		}
		if v.asks == nil {
			v.asks = map[string]chan<- wire.HospitalRanking{}
		}
		v.asks[id], sent = got, true
		v.publish([]courier.Out{o})
		return nil
	})
	if err != nil || !sent {
		return wire.TerminalRanking{}
	}
	select {
	case r := <-got:
		return wire.TerminalRanking{Ranking: &r}
	case <-ctx.Done():
		after, done := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer done()
		v.Do(after, func() error { delete(v.asks, id); return nil }) // if it does not run any more, nothing is kept either
		return wire.TerminalRanking{}
	}
}

// answered gives an answer of the centre to whoever asked; an answer to nobody is too late, or was sent twice.
func (v *Vehicle) answered(ask string, r wire.HospitalRanking) {
	if got, waits := v.asks[ask]; waits {
		delete(v.asks, ask)
		got <- r
	}
}
