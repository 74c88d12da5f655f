package desk

import (
	"strings"
	"testing"

	"kefu/core"
)

// eachRight reads a table of yes and no: names down, roles across.
func eachRight(t *testing.T, table string, may func(name string, role core.Role) bool) {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(table), "\n")
	for _, line := range lines[1:] {
		row := strings.Fields(line)
		for i, role := range strings.Fields(lines[0]) {
			if got := may(row[0], core.Role(role)); got != (row[i+1] == "yes") {
				t.Errorf("%s by %s: %v, and the table says %s", row[0], role, got, row[i+1])
			}
		}
	}
}

// Every type of frame by every role; read off "Client frames" of the protocol.
func TestFramesByRole(t *testing.T) {
	eachRight(t, `
		         visitor  agent  supervisor  admin  nobody
		send     yes      yes    yes         yes    no
		edit     yes      yes    yes         yes    no
		recall   yes      yes    yes         yes    no
		typing   yes      yes    yes         yes    no
		read     yes      yes    yes         yes    no
		end      yes      yes    yes         yes    no
		after    yes      yes    yes         yes    no
		before   yes      yes    yes         yes    no
		ping     yes      yes    yes         yes    no
		human    yes      no     no          no     no
		rate     yes      no     no          no     no
		take     no       yes    yes         yes    no
		transfer no       yes    yes         yes    no
		reopen   no       yes    yes         yes    no
		status   no       yes    yes         yes    no
		watch    no       yes    yes         yes    no
		hello    no       no     no          no     no
		become   no       no     no          no     no`,
		func(typ string, role core.Role) bool {
			if role == "visitor" {
				return may(core.Actor{Party: core.Party{Kind: core.Visitor, ID: "v"}}, typ)
			}
			return may(core.Actor{Party: core.AgentParty("a"), Role: role}, typ)
		})
	for _, kind := range []core.PartyKind{core.Robot, core.System} {
		if may(core.Actor{Party: core.Party{Kind: kind}}, "send") {
			t.Errorf("a %s sends frames", kind)
		}
	}
}

// Every operation of the HTTP API by every role.
func TestOperationsByRole(t *testing.T) {
	eachRight(t, `
		                    agent  supervisor  admin  nobody
		login               yes    yes         yes    yes
		openapi             yes    yes         yes    yes
		docs                yes    yes         yes    yes
		logout              yes    yes         yes    no
		list-agents         yes    yes         yes    no
		read-agent          yes    yes         yes    no
		change-agent        yes    yes         yes    no
		create-agent        no     no          yes    no
		disable-agent       no     no          yes    no
		list-groups         yes    yes         yes    no
		create-group        no     no          yes    no
		update-group        no     no          yes    no
		delete-group        no     no          yes    no
		list-conversations  yes    yes         yes    no
		list-sites          yes    yes         yes    no
		search-messages     yes    yes         yes    no
		read-conversation   yes    yes         yes    no
		read-events         yes    yes         yes    no
		send-event          yes    yes         yes    no
		create-upload       yes    yes         yes    no
		get-settings        no     yes         yes    no
		put-settings        no     no          yes    no
		settings-history    no     no          yes    no
		rollback-settings   no     no          yes    no
		list-visitors       yes    yes         yes    no
		read-visitor        yes    yes         yes    no
		erase-visitor       no     no          yes    no
		invite-visitor      yes    yes         yes    no
		read-why            yes    yes         yes    no
		read-floor          no     yes         yes    no
		list-blocks         no     yes         yes    no
		create-block        no     yes         yes    no
		delete-block        no     yes         yes    no
		list-replies        yes    yes         yes    no
		create-reply        yes    yes         yes    no
		change-reply        yes    yes         yes    no
		delete-reply        yes    yes         yes    no
		read-totp           yes    yes         yes    no
		begin-totp          yes    yes         yes    no
		confirm-totp        yes    yes         yes    no
		end-totp            yes    yes         yes    no
		reset-totp          no     no          yes    no
		list-audit          no     no          yes    no
		list-webhooks       no     no          yes    no
		create-webhook      no     no          yes    no
		delete-webhook      no     no          yes    no
		resume-webhook      no     no          yes    no
		list-channels       no     no          yes    no
		create-channel      no     no          yes    no
		change-channel      no     no          yes    no
		delete-channel      no     no          yes    no
		test-channel        no     no          yes    no
		read-report         no     yes         yes    no
		drop-everything     no     no          no     no`, Allows)
}
