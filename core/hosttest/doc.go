// Package hosttest checks that a host keeps its word: every frame, error,
// transport and role of protocol.md, and the promises of delivery.md, over the
// wire. It drives a host by its URL and knows nothing of what is behind it, so
// the same stories are told to localserver and to the functions behind an API
// Gateway. The test file of a host is a few lines:
//
//	func TestHost(t *testing.T) {
//		hosttest.Run(t, func(t *testing.T) hosttest.Host {
//			return hosttest.Host{URL: start(t), Admin: "admin", Password: "...", Profile: profile()}
//		})
//	}
//
// [Spread] tells them to several hosts of the kind at once, where stories mostly
// wait. A host that can be killed passes Restart, or calls [Crashes] by itself; one
// that can be told to leave passes Leave, or calls [Leaves].
//
// # Stories
//
// A story says what visitors and agents do and see: v.writes("hello"),
// a.takes(v), v.isHeldBy(a.id()). Behind the verbs is a client that keeps the
// protocol's rules for clients (client.go): it takes events by prev, asks for
// what it lacks, finds by the heads of its pongs what was never pushed, repeats
// what was not answered and waits as long as it is told to. So a story holds
// on a host that reorders and loses pushes, and what is different about a host
// is said by its [Profile]. Most stories about visitors are told twice, over
// WebSocket and over long-poll.
//
// # Trouble
//
// In a talk (talk.go) visitors and agents say things at random, while a proxy
// repeats, delays and swallows their messages and cuts them off (storm), or
// the host is killed (crash). Everything that any of them sent, was answered
// and saw is a history, which a checker (history.go) holds against the final
// log. It knows no more of a host than the promises, and names those that are
// broken. Its own test plants each fault and looks for the name. The seed of a
// run is printed; KEFU_TEST_SEED repeats it, KEFU_TEST_LONG gives it more time.
//
// # Promises
//
// What is promised by delivery.md is tried by these, and a test checks that
// they exist. Promise 24 is of parts that are not here yet; 12 is beside the
// others.
//
//	 1 durable ack       localserver.TestKill hosttest.tellStorm hosttest.tellLeave localserver/internal/sqlstore.TestKill
//	 2 no invention      localserver.TestKill hosttest.tellStorm
//	 3 idempotent send   localserver.TestKill hosttest.tellStorm hosttest.tellNumbers hosttest.tellPoll
//	 4 gapless order     localserver.TestKill hosttest.tellStorm hosttest.tellEdit
//	 5 real-time order   localserver.TestKill hosttest.tellStorm
//	 6 sender's order    localserver.TestKill hosttest.tellStorm hosttest.tellBatches
//	 7 wire order        localserver.TestKill localserver/internal/hub.TestSendKeepsOrder
//	 8 honest resume     localserver.TestKill hosttest.tellStorm hosttest.tellResume hosttest.tellReset hosttest.tellPages
//	 9 read your writes  hosttest.tellReadYourWrites core/desk.TestOneConversationOnTwoNodes
//	10 definite outcomes localserver.TestKill hosttest.tellStorm hosttest.tellNumbers
//	11 read marks        hosttest.tellRead core/desk.TestReadMarks
//	12 one owner         hosttest.tellOneOwner hosttest.tellTake hosttest.tellSilence core/desk.TestTwoNodesTakeOne
//	13 capacity          hosttest.tellFifty hosttest.tellCapacityRaces hosttest.tellCapacityLowered core/desk.TestTwoNodesRaceForSeats
//	14 isolation         hosttest.tellRights hosttest.tellRevoked hosttest.tellBlocked hosttest.tellStrangersConversation hosttest.tellReadingByAPI hosttest.tellSearch
//	15 typing            hosttest.tellTyping hosttest.tellPreview core/desk.TestTyping
//	16 bot               hosttest.tellTakenOver hosttest.tellAskedAgain hosttest.tellModelFaults
//	17 webhooks          hosttest.tellWebhook core/desk.TestWebhooks
//	18 erasure           hosttest.tellErased core/desk.TestErase core/desk.TestErasedOnAnotherNode localserver/internal/sqlstore.TestErasedTextIsInNoPage
//	19 equal views       hosttest.tellStorm hosttest.tellSwitch hosttest.tellTwoTabs hosttest.tellPollIsHeld
//	20 no idle seat      hosttest.tellFifty hosttest.tellLife hosttest.tellAway hosttest.tellCapacityLowered
//	21 presence          hosttest.tellPresence hosttest.tellCable core/desk.TestTickLapsedLease
//	22 overload is said  hosttest.tellRate hosttest.tellLimits localserver/internal/hub.TestSlowReader localserver/internal/socket.TestStuckWriter
//	23 SIGTERM           localserver.TestLeave localserver.TestSecondSignal localserver/internal/server.TestLeaving
package hosttest
