#include "lessons/07-checkpointing/checkpointing.hpp"

namespace qlab::lessons::checkpointing {

std::vector<Check> claims() {
  // LLaMA 7B, T = 1024, B = 1, everything in bf16. One layer by hand, in bytes: two norms with an fp32 copy, a factor a
  // token and two 16-bit results; query, key, value, output, the softmax's sums and random state; four inner MLP
  // tensors.
  constexpr double T = 1024, H = 4096, heads = 32, inner = 11008, layers = 32;
  constexpr double layer = 2 * (8 * T * H + 4 * T) + 8 * T * H + 4 * T * heads + 24 + 8 * T * inner;
  constexpr double input = 2 * T * H;
  const Sliders printed{.method = TrainingMethod::full};
  const Plans fused = plans_of(printed, AttentionKernel::sdpa);
  const PublishedActivations published = published_activations(printed.shape(), 1, 1024);
  const double stored = gib(fused.none().peak_bytes);
  const Text script{"a tutorial's script", "某教程的脚本"};
  const Text task{"a practice task", "某实践任务"};
  return {
      make_claim_check(
          "stored_activations", {"Activations of one stored forward at 7B, GiB", "7B 一次前向保存的激活，GiB"}, stored,
          layers * layer / bytes_per_GiB, 1e-9, printed.classroom().activations_gb, 0.1,
          said_by(script, "2 H T L are elements that it prints as bytes; one layer keeps 191 MB, tensor by tensor",
                  "它把 2 H T L 个元素当作字节打印；逐张量统计，一层保存 191 MB")),
      make_check("published_formula", {"All layers by the published formula, GiB", "按已发表公式，全部层，GiB"},
                 gib(32 * published.dense), 34 * T * H * layers / bytes_per_GiB, 1e-9,
                 {"34 B T H a layer (Korthikanti et al. 2022, eq. 1)", "每层 34 B T H（Korthikanti 等，2022，式 1）"}),
      make_check("published_scores", {"Eager attention on top of them, GiB", "普通注意力另加，GiB"},
                 gib(32 * published.attention_scores), 5.0, 1e-9,
                 {"5 · 32 heads · 1024² · 32 layers (as above)", "5 · 32 头 · 1024² · 32 层（同上）"}),
      make_check(
          "formula_near_pytorch",
          {"One layer by the formula, MB, within 30 % of PyTorch's", "公式的一层，MB，与 PyTorch 相差不到 30 %"},
          static_cast<double>(published.dense) / 1e6, 190.980120, 0.3 * 190.980120,
          {"what PyTorch's autograd keeps of one Llama-2-7B layer in bf16 with fused attention, counted node by node",
           "PyTorch 的 autograd 在 bf16、融合注意力下为 Llama-2-7B 的一层所保存的字节，逐节点统计"}),
      make_claim_check("saved_share", {"Saved with a checkpoint at every layer, %", "每层一个检查点节省的比例，%"},
                       100 * (1 - gib(fused.every_layer().peak_bytes) / stored),
                       100 * (1 - ((layers - 1) * input + layer) / (layers * layer)), 1e-9, 50, 5,
                       said_by(task,
                               "31 stored inputs of 8.4 MB and one layer of 191 MB instead of 32 such layers; the "
                               "script calls its half a teaching default",
                               "31 个 8.4 MB 的输入加一层 191 MB，对比 32 层；脚本说明“一半”是教学默认值")),
      make_claim_check("lost_speed", {"Steps an hour lost to it at most, %", "每小时步数因此最多减少，%"},
                       100 * (1 - 1 / (1 + fused.every_layer().extra_compute_share)),
                       100 * (31.0 / 32) / (3 + 31.0 / 32), 1e-9, 20, 5,
                       said_by(task, "a step of 3 units becomes one of 3 31/32", "3 份计算的一步变成 3 又 31/32 份"))};
}

}  // namespace qlab::lessons::checkpointing
