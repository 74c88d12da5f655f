package dynamo

import (
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

func str(s string) types.AttributeValue    { return &types.AttributeValueMemberS{Value: s} }
func set(s ...string) types.AttributeValue { return &types.AttributeValueMemberSS{Value: s} }
func num[T int | int64 | uint32 | uint64](n T) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: strconv.FormatInt(int64(n), 10)}
}

// bin is for bytes: none of them is a value too.
func bin(b []byte) types.AttributeValue {
	if b == nil {
		b = []byte{}
	}
	return &types.AttributeValueMemberB{Value: b}
}

// millis is how a time is stored: 0 for the zero time.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// moment reads what millis wrote.
func moment(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

func when(t time.Time) types.AttributeValue { return num(millis(t)) }

func getStr(it item, name string) string {
	v, _ := it[name].(*types.AttributeValueMemberS)
	if v == nil {
		return ""
	}
	return v.Value
}

func getBin(it item, name string) []byte {
	v, _ := it[name].(*types.AttributeValueMemberB)
	if v == nil {
		return nil
	}
	return v.Value
}

func getSet(it item, name string) []string {
	v, _ := it[name].(*types.AttributeValueMemberSS)
	if v == nil {
		return nil
	}
	return v.Value
}

func getNum(it item, name string) int64 {
	v, _ := it[name].(*types.AttributeValueMemberN)
	if v == nil {
		return 0
	}
	n, _ := strconv.ParseInt(v.Value, 10, 64) // only num writes it
	return n
}

func getTime(it item, name string) time.Time { return moment(getNum(it, name)) }

func list[T any](of []T, value func(T) types.AttributeValue) types.AttributeValue {
	out := make([]types.AttributeValue, len(of))
	for i, x := range of {
		out[i] = value(x)
	}
	return &types.AttributeValueMemberL{Value: out}
}

func getList[T any](it item, name string, value func(item, string) T) []T {
	v, _ := it[name].(*types.AttributeValueMemberL)
	if v == nil {
		return nil
	}
	out := make([]T, len(v.Value))
	for i, x := range v.Value {
		out[i] = value(item{"": x}, "")
	}
	return out
}
