package main

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/proto"
)

// The benchmark measures the packs and not its own driver. The driver encodes the requests before the clock starts, and does not
// decode the answers while the clock runs. Of the driver's work, only gRPC itself is part of a call's time. Each pack's answer is
// decoded and checked once, before the measurement.

// raw is the codec of the measured calls: a message is its bytes.
type raw struct{}

func (raw) Name() string { return "proto" }

func (raw) Marshal(v any) (mem.BufferSlice, error) {
	return mem.BufferSlice{mem.SliceBuffer(v.([]byte))}, nil
}

func (raw) Unmarshal(data mem.BufferSlice, v any) error {
	if answer, wanted := v.(*[]byte); wanted {
		*answer = data.Materialize()
	}
	return nil
}

// call sends an encoded request. It decodes the answer into answer, unless answer is nil.
func (p *process) call(ctx context.Context, method string, request []byte, answer proto.Message) error {
	if answer == nil {
		return p.conn.Invoke(ctx, method, request, nil, grpc.ForceCodecV2(raw{}))
	}
	var encoded []byte
	if err := p.conn.Invoke(ctx, method, request, &encoded, grpc.ForceCodecV2(raw{})); err != nil {
		return err
	}
	return proto.Unmarshal(encoded, answer)
}

// load is a list of calls to time. They run one after the other, or several at once.
type load struct {
	method   string
	requests [][]byte
	atOnce   int
}

// cost is what one call took: clock is wall time, cpu the pack's processor time.
type cost struct{ clock, cpu float64 }

// time sends the load twice and measures the second run. The first one is a warm-up.
func (p *process) time(ctx context.Context, l load) (cost, error) {
	var c cost
	for range 2 {
		used, err := p.processorTime()
		if err != nil {
			return c, err
		}
		begin := time.Now()
		if err := p.send(ctx, l); err != nil {
			return c, err
		}
		clock := time.Since(begin)
		after, err := p.processorTime()
		if err != nil {
			return c, err
		}
		calls := float64(len(l.requests))
		c = cost{ms(clock) / calls, ms(after-used) / calls}
	}
	return c, nil
}

func (p *process) send(ctx context.Context, l load) error {
	var next atomic.Int64
	var failed atomic.Pointer[error]
	var senders sync.WaitGroup
	for range l.atOnce {
		senders.Go(func() {
			for {
				i := next.Add(1) - 1
				if i >= int64(len(l.requests)) || failed.Load() != nil {
					return
				}
				if err := p.call(ctx, l.method, l.requests[i], nil); err != nil {
					failed.Store(&err)
				}
			}
		})
	}
	senders.Wait()
	if err := failed.Load(); err != nil {
		return *err
	}
	return nil
}

// check decodes and checks a pack's answer to a request before the request is timed.
func (p *process) check(ctx context.Context, method string, request []byte, reports func(diagnostics int) bool) error {
	var answer pulumirpc.AnalyzeResponse
	if err := p.call(ctx, method, request, &answer); err != nil {
		return err
	}
	if n := len(answer.Diagnostics); !reports(n) {
		return fmt.Errorf("%s answers with %d diagnostics: %v", p.name, n, answer.Diagnostics)
	}
	return nil
}
