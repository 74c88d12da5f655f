package dynamo_test

import (
	"context"
	"time"

	"kefu/core"
)

// amnesiac is a store that is another process for every call.
type amnesiac struct{ next func() core.Store }

var _ core.Store = (*amnesiac)(nil)

func (x *amnesiac) Load(ctx context.Context, id core.ConversationID) (core.Conversation, error) {
	return x.next().Load(ctx, id)
}

func (x *amnesiac) After(ctx context.Context, id core.ConversationID, seq uint64, limit int) ([]core.Event, error) {
	return x.next().After(ctx, id, seq, limit)
}

func (x *amnesiac) Before(ctx context.Context, id core.ConversationID, seq uint64, limit int) ([]core.Event, error) {
	return x.next().Before(ctx, id, seq, limit)
}

func (x *amnesiac) Commit(ctx context.Context, c core.Change) error { return x.next().Commit(ctx, c) }

func (x *amnesiac) Forget(ctx context.Context, p core.Profile, kept ...string) error {
	return x.next().Forget(ctx, p, kept...)
}

func (x *amnesiac) Waiting(ctx context.Context, g core.GroupID, limit int) ([]core.Place, error) {
	return x.next().Waiting(ctx, g, limit)
}

func (x *amnesiac) List(ctx context.Context, q core.Query) ([]core.Conversation, error) {
	return x.next().List(ctx, q)
}

func (x *amnesiac) Due(ctx context.Context, after core.Place, until time.Time, limit int) ([]core.Place, error) {
	return x.next().Due(ctx, after, until, limit)
}

func (x *amnesiac) Rearm(ctx context.Context, id core.ConversationID, seq uint64, alarm time.Time) error {
	return x.next().Rearm(ctx, id, seq, alarm)
}

func (x *amnesiac) Account(ctx context.Context, id core.AgentID) (core.Account, error) {
	return x.next().Account(ctx, id)
}

func (x *amnesiac) Accounts(ctx context.Context) ([]core.Account, error) {
	return x.next().Accounts(ctx)
}

func (x *amnesiac) PutAccount(ctx context.Context, a core.Account) error {
	return x.next().PutAccount(ctx, a)
}

func (x *amnesiac) SetDuty(ctx context.Context, id core.AgentID, d core.Duty) error {
	return x.next().SetDuty(ctx, id, d)
}

func (x *amnesiac) Renew(ctx context.Context, id core.AgentID, lease time.Time) error {
	return x.next().Renew(ctx, id, lease)
}

func (x *amnesiac) Paced(ctx context.Context, id core.AgentID, took time.Duration) error {
	return x.next().Paced(ctx, id, took)
}

func (x *amnesiac) Duty(ctx context.Context, id core.AgentID) (core.Duty, error) {
	return x.next().Duty(ctx, id)
}

func (x *amnesiac) Roster(ctx context.Context, g core.GroupID, at time.Time) (core.Roster, error) {
	return x.next().Roster(ctx, g, at)
}

func (x *amnesiac) AccountNamed(ctx context.Context, name string) (core.Account, error) {
	return x.next().AccountNamed(ctx, name)
}

func (x *amnesiac) Held(ctx context.Context, id core.AgentID) ([]core.ConversationID, error) {
	return x.next().Held(ctx, id)
}

func (x *amnesiac) Lapsed(ctx context.Context, before time.Time) ([]core.AgentID, error) {
	return x.next().Lapsed(ctx, before)
}

func (x *amnesiac) Profile(ctx context.Context, id core.VisitorID) (core.Profile, error) {
	return x.next().Profile(ctx, id)
}

func (x *amnesiac) PutProfile(ctx context.Context, p core.Profile) error {
	return x.next().PutProfile(ctx, p)
}

func (x *amnesiac) Mark(ctx context.Context, id core.ConversationID, side core.PartyKind, seq uint64) error {
	return x.next().Mark(ctx, id, side, seq)
}

func (x *amnesiac) Marks(ctx context.Context, id core.ConversationID) (core.Marks, error) {
	return x.next().Marks(ctx, id)
}

func (x *amnesiac) Known(ctx context.Context, site core.SiteID, external string, fresh core.VisitorID) (core.VisitorID, error) {
	return x.next().Known(ctx, site, external, fresh)
}

func (x *amnesiac) Blocks(ctx context.Context) ([]core.Block, error) { return x.next().Blocks(ctx) }

func (x *amnesiac) PutBlock(ctx context.Context, b core.Block) error {
	return x.next().PutBlock(ctx, b)
}

func (x *amnesiac) DeleteBlock(ctx context.Context, id core.VisitorID) error {
	return x.next().DeleteBlock(ctx, id)
}

func (x *amnesiac) Keep(ctx context.Context, name string, value []byte, now, until time.Time) ([]byte, error) {
	return x.next().Keep(ctx, name, value, now, until)
}

func (x *amnesiac) Kept(ctx context.Context, name string, now time.Time) ([]byte, error) {
	return x.next().Kept(ctx, name, now)
}

func (x *amnesiac) Settings(ctx context.Context) (core.Settings, error) {
	return x.next().Settings(ctx)
}

func (x *amnesiac) History(ctx context.Context, before uint64, limit int) ([]core.Settings, error) {
	return x.next().History(ctx, before, limit)
}

func (x *amnesiac) PutSettings(ctx context.Context, s core.Settings) error {
	return x.next().PutSettings(ctx, s)
}

func (x *amnesiac) Secret(ctx context.Context, name string, fresh []byte) ([]byte, error) {
	return x.next().Secret(ctx, name, fresh)
}

func (x *amnesiac) Epoch(ctx context.Context) (string, error) { return x.next().Epoch(ctx) }

func (x *amnesiac) Ready(ctx context.Context) error { return x.next().Ready(ctx) }

func (x *amnesiac) Document(ctx context.Context, kind, id string) (core.Document, error) {
	return x.next().Document(ctx, kind, id)
}

func (x *amnesiac) Documents(ctx context.Context, kind, after string, limit int) ([]core.Document, error) {
	return x.next().Documents(ctx, kind, after, limit)
}

func (x *amnesiac) PutDocument(ctx context.Context, d core.Document) error {
	return x.next().PutDocument(ctx, d)
}

func (x *amnesiac) DeleteDocument(ctx context.Context, kind, id string) error {
	return x.next().DeleteDocument(ctx, kind, id)
}
