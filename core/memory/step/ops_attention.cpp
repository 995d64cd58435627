#include "core/memory/step/ops.hpp"

namespace qlab::step {
namespace {

/// [B,H,S,D] in memory as [B,S,H,D].
Tensor make_heads_inner(Tape& tape, Op op, const Tensor& x) {
  const Sizes& sizes = x.sizes();
  const Strides s = contiguous_strides({sizes[0], sizes[2], sizes[1], sizes[3]});
  return tape.make(op, sizes, x.dtype(), Strides{s[0], s[2], s[1], s[3]});
}

constexpr std::int64_t rounded_up(std::int64_t value, std::int64_t multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

}  // namespace

Tensor flash_attention(Tape& tape, const Tensor& q, const Tensor& k, const Tensor& v, double) {
  const bool recorded = tape.records(q, k, v);
  const Op op = Op::flash_attention;
  Saved saved_k = tape.save_if(recorded, k);
  Saved saved_q = tape.save_if(recorded, q);
  Saved saved_v = tape.save_if(recorded, v);
  Tensor out = make_like(tape, op, q, q.dtype());
  const Tensor logsumexp = tape.make(op, {q.sizes()[0], q.sizes()[1], q.sizes()[2]}, Dtype::f32);
  const Tensor seed = tape.make(op, {2}, Dtype::u64);
  const Tensor unused = tape.make(op, {}, Dtype::u64);
  if (!recorded) return out;
  tape.record({&out}, {&q, &k, &v},
              [su = tape.save(unused), ss = tape.save(seed), so = tape.save(out), sl = tape.save(logsumexp),
               sv = std::move(saved_v), sq = std::move(saved_q),
               sk = std::move(saved_k)](Tape& t, Node&, Gradients&, Gradients& result) mutable {
                const Tensor key = sk.unpack(t);
                const Tensor kept[] = {sl.unpack(t), so.unpack(t)};
                const Tensor query = sq.unpack(t);
                const Tensor random[] = {ss.unpack(t), su.unpack(t)};
                const Tensor value = sv.unpack(t);
                const Op back = Op::flash_attention_backward;
                result[0] = make_like(t, back, query, query.dtype());
                result[1] = make_like(t, back, key, key.dtype());
                result[2] = make_like(t, back, value, value.dtype());
                // On a GPU: an fp32 accumulator of the query's gradient, a sum per row, and for grouped queries the
                // gradients of key and value per query head.
                const Sizes& s = query.sizes();
                const std::int64_t rows = std::int64_t{s[0]} * s[1] * rounded_up(s[2], 128);
                std::int64_t bytes = rounded_allocation(4 * rows * rounded_up(s[3], 32)) + rounded_allocation(4 * rows);
                if (key.sizes()[1] != s[1]) bytes += 2 * rounded_allocation(query.count() * bytes_of(query.dtype()));
                t.kernel_temporary(bytes);
              });
  return out;
}

Tensor efficient_attention(Tape& tape, const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& mask, double) {
  const bool recorded = tape.records(q, k, v);
  const Op op = Op::efficient_attention;
  Saved saved_mask = tape.save_if(recorded && mask.defined(), mask);
  Saved saved_k = tape.save_if(recorded, k);
  Saved saved_q = tape.save_if(recorded, q);
  Saved saved_v = tape.save_if(recorded, v);
  Tensor out = make_heads_inner(tape, op, q);
  const Tensor logsumexp = tape.make(op, {q.sizes()[0], q.sizes()[1], rounded_up(q.sizes()[2], 32)}, Dtype::f32);
  const Tensor seed = tape.make(op, {}, Dtype::i64);
  const Tensor offset = tape.make(op, {}, Dtype::i64);
  if (!recorded) return out;
  tape.record({&out}, {&q, &k, &v},
              [ss = tape.save(seed), sf = tape.save(offset), so = tape.save(out), sl = tape.save(logsumexp),
               sv = std::move(saved_v), sq = std::move(saved_q), sk = std::move(saved_k),
               sm = std::move(saved_mask)](Tape& t, Node&, Gradients&, Gradients& result) mutable {
                const Tensor kept_mask = sm.unpack(t);
                const Tensor key = sk.unpack(t);
                const Tensor kept[] = {sl.unpack(t), so.unpack(t), sf.unpack(t), ss.unpack(t)};
                const Tensor query = sq.unpack(t);
                const Tensor value = sv.unpack(t);
                const Op back = Op::efficient_attention_backward;
                result[0] = make_heads_inner(t, back, query);
                result[1] = make_heads_inner(t, back, key);
                result[2] = make_heads_inner(t, back, value);
              });
  return out;
}

}  // namespace qlab::step
