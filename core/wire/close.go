package wire

import "kefu/core"

// CloseCode is what a connection is closed with. 4000 to 4499: come back;
// 4500 to 4999: do not.
type CloseCode int

const (
	CloseShutdown     CloseCode = 4000 // the server goes away
	CloseSlow         CloseCode = 4001 // it did not read fast enough; resume
	CloseStale        CloseCode = 4002 // no hello in time, or no heartbeat
	CloseExpired      CloseCode = 4004 // token expired: refresh it first
	CloseUnauthorized CloseCode = 4500
	CloseForbidden    CloseCode = 4501 // origin, blocked, revoked
	CloseProtocol     CloseCode = 4502
	CloseReplaced     CloseCode = 4503 // another connection has this origin now
)

// Returns reports whether the client is asked to come back.
func (c CloseCode) Returns() bool { return c < 4500 }

// CloseFor returns the code for a hello refused with err.
func CloseFor(err error) CloseCode {
	switch core.CodeOf(err) {
	case core.Unauthorized:
		return CloseUnauthorized
	case core.Forbidden, core.NotFound:
		return CloseForbidden
	case core.RateLimited, core.Unavailable, core.Internal:
		return CloseShutdown
	default:
		return CloseProtocol
	}
}
