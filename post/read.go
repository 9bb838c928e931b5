package post

import (
	"context"

	"marz"
	"marz/agreement"
	"marz/journal"
	"marz/transfer"
)

// registerKinds are the kinds of entry of which the register consists.
var registerKinds = []string{KindDescribed, KindAgreement, KindStatement, KindReport, KindCommission, KindControl, transfer.KindExecuted}

// ReadRegister reads the register and the post's description from a data folder, as they were committed at one instant. It takes no lock and
// writes nothing, so that the post may be running. It folds the entries themselves and checks no signature over them: marz verify does that.
func ReadRegister(ctx context.Context, dir string) (*agreement.History, marz.Post, error) {
	var described *describedEntry // the newest is the one that counts, as in state
	var events []agreement.Event
	err := journal.Read(ctx, dir, registerKinds, func(e journal.Entry) error {
		if e.Kind == KindDescribed {
			described = new(describedEntry)
			return e.Read(nil, described, nil)
		}
		event, err := registerEvent(e)
		events = append(events, event)
		return err
	})
	if marz.CodeOf(err) == marz.NotFound {
		return nil, marz.Post{}, &marz.Error{Code: marz.NotFound, Op: "read register", Subject: dir, Fix: "there is no post in this folder; name the data folder of one, as marz init made it"}
	}
	if err != nil {
		return nil, marz.Post{}, err
	}
	if described == nil {
		return nil, marz.Post{}, &marz.Error{Code: marz.Invalid, Op: "read register", Subject: dir, Fix: "this journal does not describe a post; name the data folder of one"}
	}
	return fold(described.ground(), events), described.Post, nil
}
