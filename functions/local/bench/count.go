package main

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"kefu/functions/internal/dynalite"
	"kefu/functions/internal/dynamo"
	"kefu/functions/local/edge"
	"kefu/functions/local/stack"
)

// counted is what was used, each for one of its kind.
type counted struct {
	warm   units // a message, served by a process that knows the conversation
	cold   units // one, served by a process that does not
	rights units // that a process reads again what rights are judged by

	hello        units // $connect and hello of a visitor
	open         units // the first message, which opens a session and finds an agent, and the first answer
	visitorsPing units
	agentsPing   units   // in a message of its own, as all that follow without the renewal of the lease
	agentsAlong  units   // in one that says something
	end          units   // closing the session
	leave        units   // $disconnect
	idle         units   // a sweep while no session is open, but somebody is there
	news         units   // what a session that began since the last one adds to it: colleagues are told who is busy
	sweep        units   // what any other open session adds to it
	stored       float64 // bytes that a message leaves in the table, with what belongs to its session
	answer       asked   // of the receptionist, with the message that it answers
}

// text is what everybody says: 60 characters are more than most do.
func text(i int) string {
	return fmt.Sprintf("%03d 你好，我想问一下我的订单什么时候发货，谢谢！ And is it blue?", i)
}

// count has people talk and counts.
func (b *bench) count(ctx context.Context, admin string) (c counted, err error) {
	people := make([]*client, perAgent) // what a ping of the agent costs depends on how many there are
	n := float64(len(people))
	per := func(to *units, each func(i int) error) {
		if err != nil {
			return
		}
		*to, err = b.of(ctx, func() error {
			for i := range people {
				if err := each(i); err != nil {
					return err
				}
			}
			return nil
		})
		*to = to.times(1 / n)
	}
	if err := b.sweep(ctx); err != nil { // the first one starts its process
		return c, err
	}
	if c.idle, err = b.of(ctx, func() error { return b.sweep(ctx) }); err != nil {
		return c, err
	}
	per(&c.hello, func(i int) (err error) { people[i], err = b.visitor(ctx); return err })
	per(&c.open, func(i int) error { return b.opens(ctx, people[i]) })
	per(&c.warm, func(i int) error { return b.exchange(ctx, people[i]) })
	c.warm = c.warm.times(1.0 / exchanged)
	per(&c.visitorsPing, func(i int) error { return ping(ctx, people[i]) })
	per(&c.agentsPing, func(int) error { return ping(ctx, b.agent) })
	c.agentsPing.writes = 0 // what renews the lease is counted by itself
	per(&c.agentsAlong, func(i int) error {
		if err := b.agent.writesAlong(ctx, people[i].id, text(50)); err != nil {
			return err
		}
		return people[i].sees(ctx, text(50))
	})
	c.agentsAlong = c.agentsAlong.minus(c.warm)
	c.agentsAlong.writes = 0
	if err == nil {
		c.stored, err = b.stored(ctx, people[0].id, exchanged+3)
	}
	if err == nil {
		err = b.countCold(ctx, people, &c)
	}
	if err == nil {
		for _, to := range []*units{&c.news, &c.sweep} {
			if err == nil {
				*to, err = b.of(ctx, func() error { return b.sweep(ctx) })
			}
			*to = to.minus(c.idle).times(1 / n)
		}
	}
	per(&c.end, func(i int) error {
		return b.agent.does(ctx, "end", people[i].id, map[string]any{"session": 1})
	})
	per(&c.leave, func(i int) error { return b.goes(ctx, people[i]) })
	if err == nil {
		c.answer, err = b.countAnswers(ctx, admin)
	}
	return c, err
}

// hire makes an agent who has a seat for everybody, and returns the token of who
// leads.
func (b *bench) hire(ctx context.Context) (string, error) {
	var admin, agent struct{ Token string }
	var made struct{ ID string }
	if err := call(ctx, http.MethodPost, b.URL()+"/v1/login", "", map[string]string{"name": "admin", "password": b.Password}, &admin); err != nil {
		return "", err
	}
	who := map[string]any{"name": "bench", "password": b.Password, "role": "agent", "groups": []string{"default"}, "capacity": perAgent}
	if err := call(ctx, http.MethodPost, b.URL()+"/v1/agents", admin.Token, who, &made); err != nil {
		return "", err
	}
	if err := call(ctx, http.MethodPost, b.URL()+"/v1/login", "", map[string]string{"name": "bench", "password": b.Password}, &agent); err != nil {
		return "", err
	}
	var err error
	if b.agent, err = dial(ctx, b.URL(), "bench-outbox-agent", agent.Token); err != nil {
		return "", err
	}
	if err := b.agent.say(ctx, map[string]any{"type": "status", "status": "online"}); err != nil {
		return "", err
	}
	_, err = b.agent.await(ctx, is("presence"))
	return admin.Token, err
}

// exchanged is how many messages an exchange has.
const exchanged = 12

// exchange is some messages to and fro, each with its ack and its push.
func (b *bench) exchange(ctx context.Context, v *client) error {
	for i := range exchanged / 2 {
		if err := b.says(ctx, v, "", 2*i); err != nil {
			return err
		}
		if err := b.answers(ctx, v, 2*i+1); err != nil {
			return err
		}
	}
	return nil
}

// opens has a visitor write for the first time. The agent is told of the
// assignment, asks for what came before it, and answers: how fast they were is
// noted once a session.
func (b *bench) opens(ctx context.Context, v *client) error {
	if err := v.writes(ctx, "", text(0)); err != nil {
		return err
	}
	if err := b.assigned(ctx); err != nil {
		return err
	}
	if err := b.agent.say(ctx, map[string]any{"type": "after", "conversation": v.id, "seq": 0}); err != nil {
		return err
	}
	if _, err := b.agent.await(ctx, is("events")); err != nil {
		return err
	}
	return b.answers(ctx, v, 1)
}

// assigned waits until the agent has somebody new.
func (b *bench) assigned(ctx context.Context) error {
	_, err := b.agent.await(ctx, func(f frame) bool { return f.Type == "event" && f.Body.Kind == "assigned" })
	return err
}

// says has a visitor write, and the agent see it.
func (b *bench) says(ctx context.Context, v *client, conversation string, i int) error {
	if err := v.writes(ctx, conversation, text(i)); err != nil {
		return err
	}
	return b.agent.sees(ctx, text(i))
}

func (b *bench) answers(ctx context.Context, v *client, i int) error {
	if err := b.agent.writes(ctx, v.id, text(i)); err != nil {
		return err
	}
	return v.sees(ctx, text(i))
}

func ping(ctx context.Context, c *client) error {
	if err := c.say(ctx, map[string]any{"type": "ping", "next": 15}); err != nil {
		return err
	}
	_, err := c.await(ctx, is("pong"))
	return err
}

// countCold has a process that is new, but has read what rights are judged by,
// serve one message of each conversation, every other one an agent's.
func (b *bench) countCold(ctx context.Context, people []*client, c *counted) (err error) {
	extra := people[0]
	if err := b.anew(ctx, extra); err != nil {
		return err
	}
	rest := people[1:]
	c.cold, err = b.of(ctx, func() error {
		for i, v := range rest {
			if i%2 == 0 {
				err = b.says(ctx, v, "", 100+i)
			} else {
				err = b.answers(ctx, v, 100+i)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	c.cold = c.cold.times(1 / float64(len(rest)))
	if err != nil {
		return err
	}
	if err := pause(ctx, rightsEvery*time.Second+time.Second); err != nil {
		return err
	}
	late, err := b.of(ctx, func() error { return b.says(ctx, extra, "", 200) })
	c.rights = late.minus(c.warm)
	return err
}

// stored is how many bytes of the table a message has, in a conversation of so
// many: what DynamoDB bills, which is the names and values of all its items, and
// 100 bytes for each (pricing for data storage).
func (b *bench) stored(ctx context.Context, conversation string, messages int) (float64, error) {
	db := dynamo.NewClient("us-east-1", b.DatabaseURL(), dynalite.Credentials())
	out, err := db.Query(ctx, &dynamodb.QueryInput{
		TableName: aws.String("kefu"), KeyConditionExpression: aws.String("pk = :p"),
		ExpressionAttributeValues: map[string]types.AttributeValue{":p": &types.AttributeValueMemberS{Value: "c#" + conversation}},
	})
	if err != nil {
		return 0, err
	}
	bytes := 0
	for _, item := range out.Items {
		bytes += 100
		for name, v := range item {
			bytes += len(name) + weight(v)
		}
	}
	return float64(bytes) / float64(messages), nil
}

// weight is the size of a value, as the developer guide has it under "item sizes".
func weight(v types.AttributeValue) int {
	const nested = 3 // of a list or a map; and 1 for each that it holds
	switch v := v.(type) {
	case *types.AttributeValueMemberS:
		return len(v.Value)
	case *types.AttributeValueMemberB:
		return len(v.Value)
	case *types.AttributeValueMemberN:
		return len(v.Value)/2 + 2
	case *types.AttributeValueMemberL:
		sum := nested
		for _, e := range v.Value {
			sum += 1 + weight(e)
		}
		return sum
	case *types.AttributeValueMemberM:
		sum := nested
		for name, e := range v.Value {
			sum += 1 + len(name) + weight(e)
		}
		return sum
	case *types.AttributeValueMemberSS:
		sum := 0
		for _, s := range v.Value {
			sum += len(s)
		}
		return sum
	}
	return 1
}

// anew replaces the process of the socket function by one that remembers
// nothing, and has it serve one message of each side.
func (b *bench) anew(ctx context.Context, v *client) error {
	b.Faults.Set(1, edge.ColdStart)
	if err := v.say(ctx, map[string]any{"type": "ping", "next": 15}); err != nil {
		return err
	}
	_, err := v.await(ctx, is("pong"))
	b.Faults.Set(0)
	if err != nil {
		return err
	}
	if err := b.says(ctx, v, "", 98); err != nil {
		return err
	}
	return b.answers(ctx, v, 99)
}

// sweep has the sweep function called, as once a minute.
func (b *bench) sweep(ctx context.Context) error {
	s := &edge.Schedule{Name: stack.Sweep, Function: b.Functions[stack.Sweep], Now: b.Now}
	return s.Fire(ctx)
}
