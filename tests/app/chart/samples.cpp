#include "tests/app/chart/samples.hpp"

#include <cmath>

namespace qlab::test {
namespace {

Series series(std::string name, Text label, std::vector<double> x, std::vector<double> y) {
  Series out;
  out.name = std::move(name);
  out.label = std::move(label);
  out.x = std::move(x);
  out.y = std::move(y);
  return out;
}

Chart error_against_block() {
  Chart chart;
  chart.name = "error_against_block";
  chart.kind = ChartKind::line;
  chart.title = {"Larger blocks cost fewer bits and more error", "块越大，位数越少，误差越大"};
  chart.x = {{"Block size", "块大小"}, "values", true, {}, {}, {}};
  chart.y = {{"Mean squared error", "均方误差"}, "", false, {}, {}, {}};
  const std::vector<double> blocks = {16, 32, 64, 128, 256, 512, 1024, 2048, 4096};
  const auto curve = [&](double start, double rise) {
    std::vector<double> y;
    for (const double block : blocks) y.push_back(start + rise * std::log2(block / 16));
    return y;
  };
  chart.series = {series("nf4", {"NF4", "NF4"}, blocks, curve(0.0061, 0.00115)),
                  series("fp4", {"FP4 (e2m1)", "FP4（e2m1）"}, blocks, curve(0.0083, 0.00142)),
                  series("int4", {"Symmetric INT4", "对称 INT4"}, blocks, curve(0.0071, 0.0021)),
                  series("int4_affine", {"Affine INT4", "仿射 INT4"}, blocks, curve(0.0052, 0.0017))};
  chart.lines = {{true, 64, {"bitsandbytes: 64", "bitsandbytes：64"}}};
  chart.note = {"Normal tensor of 262,144 values, fp32 constants.", "正态张量，262,144 个值，常数为 fp32。"};
  return chart;
}

Chart loss_curves() {
  Chart chart;
  chart.name = "loss_curves";
  chart.kind = ChartKind::line;
  chart.title = {"Loss while fine-tuning", "微调过程中的损失"};
  chart.x = {{"Step", "步数"}, "", false, {}, {}, {}};
  chart.y = {{"Cross-entropy", "交叉熵"}, "nats/token", false, {}, {}, {}};
  const auto curve = [](double end, double speed, double phase) {
    std::pair<std::vector<double>, std::vector<double>> out;
    for (int i = 0; i <= 1200; i += 4) {
      out.first.push_back(i);
      out.second.push_back(end + 2.6 * std::exp(-i / speed) + 0.05 * std::sin(i * 0.37 + phase) * std::exp(-i / 900.0));
    }
    return out;
  };
  const auto full = curve(1.12, 170, 0), lora = curve(1.16, 210, 1), qlora = curve(1.18, 230, 2);
  chart.series = {
      series("full", {"Full fine-tuning", "全量微调"}, full.first, full.second),
      series("lora", {"LoRA", "LoRA"}, lora.first, lora.second),
      series("qlora", {"QLoRA (NF4, double quantization)", "QLoRA（NF4，双重量化）"}, qlora.first, qlora.second)};
  chart.lines = {{false, 1.1, {"Bound of this data: 1.1", "此数据的下界：1.1"}}};
  return chart;
}

Chart codebook_staircase() {
  Chart chart;
  chart.name = "codebook_staircase";
  chart.kind = ChartKind::staircase;
  chart.title = {"What 16 codes make of a straight line", "16 个码如何表示一条直线"};
  chart.x = {{"Normalised weight", "归一化权重"}, "", false, -1.0, 1.0, {}};
  chart.y = {{"Decoded value", "解码值"}, "", false, -1.0, 1.0, {}};
  const std::vector<double> nf4 = {-1,     -0.6962, -0.5251, -0.3949, -0.2844, -0.1848, -0.0911, 0,
                                   0.0796, 0.1609,  0.2461,  0.3379,  0.4407,  0.5626,  0.7230,  1};
  std::vector<double> x = {-1}, y = {-1};
  for (std::size_t i = 1; i < nf4.size(); ++i) {
    x.push_back((nf4[i - 1] + nf4[i]) / 2);
    y.push_back(nf4[i]);
  }
  x.push_back(1);
  y.push_back(1);
  std::vector<double> ix = {-1}, iy = {-1};
  for (int i = -6; i <= 7; ++i) {
    ix.push_back((i - 0.5) / 7.0);
    iy.push_back(i / 7.0);
  }
  ix.push_back(1);
  iy.push_back(1);
  chart.series = {series("nf4", {"NF4", "NF4"}, x, y), series("int4", {"Symmetric INT4", "对称 INT4"}, ix, iy)};
  chart.lines = {{true, 0.4377, {"this weight", "这个权重"}}};
  return chart;
}

Chart error_against_bits() {
  Chart chart;
  chart.name = "error_against_bits";
  chart.kind = ChartKind::scatter;
  chart.title = {"Error against real bits per parameter", "误差与每参数的实际位数"};
  chart.x = {{"Bits per parameter", "每参数位数"}, "bits/parameter", false, {}, {}, {}};
  chart.y = {{"Mean squared error", "均方误差"}, "", true, {}, {}, {}};
  Series types = series("types", {"Types", "类型"}, {4.5, 4.5, 4.5, 5.0, 4.75, 4.5, 8.5, 8.5, 4.127, 4.25},
                        {0.00845, 0.0116, 0.0131, 0.00802, 0.0083, 0.0118, 4.1e-5, 5.2e-5, 0.00847, 0.0119});
  for (const char* label : {"nf4", "int4", "fp4", "int4_affine", "int4_affine_zp", "q4_0", "int8", "dynamic8",
                            "nf4 + double quantization", "mirrored15"}) {
    types.point_labels.push_back({label, label});
  }
  types.point_labels[8].zh = "nf4 + 双重量化";
  chart.series = {types};
  chart.lines = {{true, 4, {"4 bits", "4 位"}}};
  Series bound = series("bound", {"Gaussian bound", "高斯下界"}, {}, {});
  for (double bits = 4; bits <= 8.5; bits += 0.125) {
    bound.x.push_back(bits);
    bound.y.push_back(std::pow(4, -bits));
  }
  bound.joined = true;
  chart.series.push_back(bound);
  chart.note = {"Lower left is better.", "越靠左下越好。"};
  return chart;
}

Chart memory_bars() {
  Chart chart;
  chart.name = "memory_bars";
  chart.kind = ChartKind::grouped_bars;
  chart.title = {"Weights and gradients by number type", "不同数值类型的权重与梯度"};
  chart.x = {{"Type of the weights", "权重类型"},
             "",
             false,
             {},
             {},
             {{"FP16", "FP16"}, {"INT8", "INT8"}, {"INT4", "INT4"}, {"NF4 + DQ", "NF4 + 双重量化"}}};
  chart.y = {{"Memory", "内存"}, "GiB", false, {}, {}, {}};
  chart.series = {series("weights", {"Weights", "权重"}, {}, {12.0, 6.0, 3.0, 3.1}),
                  series("gradients", {"Gradients", "梯度"}, {}, {12.0, 12.0, 0.05, 0.05}),
                  series("optimizer", {"Optimizer states", "优化器状态"}, {}, {48.0, 24.0, 0.2, 0.1})};
  chart.lines = {{false, 24, {"24 GiB card", "24 GiB 显卡"}}};
  return chart;
}

Chart ledger() {
  Chart chart;
  chart.name = "ledger";
  chart.kind = ChartKind::stacked_bars;
  chart.title = {"What a 7B model needs while it is being trained", "训练 7B 模型需要多少内存"};
  chart.x = {{},
             "",
             false,
             {},
             {},
             {{"Full fine-tuning", "全量微调"},
              {"LoRA", "LoRA"},
              {"QLoRA", "QLoRA"},
              {"QLoRA + checkpointing", "QLoRA + 检查点"}}};
  chart.y = {{"Memory", "内存"}, "GiB", false, {}, {}, {}};
  chart.series = {series("weights", {"Weights", "权重"}, {}, {13.0, 13.0, 3.6, 3.6}),
                  series("gradients", {"Gradients", "梯度"}, {}, {13.0, 0.03, 0.03, 0.03}),
                  series("optimizer", {"Optimizer states", "优化器状态"}, {}, {26.0, 0.12, 0.12, 0.12}),
                  series("activations", {"Activations", "激活"}, {}, {10.0, 10.0, 10.0, 2.1}),
                  series("logits", {"Logits", "logits"}, {}, {1.9, 1.9, 1.9, 1.9})};
  chart.lines = {{false, 24, {"24 GiB", "24 GiB"}}, {false, 48, {"48 GiB", "48 GiB"}}};
  chart.note = {"Classroom formula: no temporaries, no fragmentation.", "课堂公式：不含临时张量与碎片。"};
  return chart;
}

Chart histogram() {
  Chart chart;
  chart.name = "histogram";
  chart.kind = ChartKind::histogram;
  chart.title = {"Errors of NF4 and of symmetric INT4", "NF4 与对称 INT4 的误差"};
  chart.x = {{"Error", "误差"}, "", false, {}, {}, {}};
  chart.y = {{"Values", "值的个数"}, "", false, {}, {}, {}};
  std::vector<double> edges, narrow, wide;
  for (int i = -20; i <= 20; ++i) edges.push_back(i * 0.0125);
  for (std::size_t i = 0; i + 1 < edges.size(); ++i) {
    const double middle = (edges[i] + edges[i + 1]) / 2;
    narrow.push_back(std::round(26000 * std::exp(-middle * middle / 0.009)));
    wide.push_back(std::round(19000 * std::exp(-middle * middle / 0.016)));
  }
  chart.series = {series("nf4", {"NF4", "NF4"}, edges, narrow),
                  series("int4", {"Symmetric INT4", "对称 INT4"}, edges, wide)};
  return chart;
}

Chart contour() {
  Chart chart;
  chart.name = "contour_ht";
  chart.kind = ChartKind::heat_map;
  chart.title = {"Memory over hidden size and sequence length", "内存随隐藏维度与序列长度的变化"};
  chart.x = {{"Hidden size H", "隐藏维度 H"}, "", false, {}, {}, {}};
  chart.y = {{"Sequence length T", "序列长度 T"}, "tokens", false, {}, {}, {}};
  chart.z = {{"Memory", "内存"}, "GiB", false, {}, {}, {}};
  for (int i = 0; i <= 40; ++i) chart.grid.x.push_back(1024 + i * 7168.0 / 40);
  for (int i = 0; i <= 30; ++i) chart.grid.y.push_back(128 + i * (4096 - 128) / 30.0);
  for (const double t : chart.grid.y) {
    for (const double h : chart.grid.x) {
      chart.grid.z.push_back((12 * h * h * 32 * 0.5 + 34 * t * h * 32 + 4 * t * 32000) / 1073741824.0);
    }
  }
  chart.lines = {{true, 4096, {"H = 4096", "H = 4096"}}, {false, 1024, {"T = 1024", "T = 1024"}}};
  return chart;
}

Chart grid_of_types() {
  Chart chart;
  chart.name = "grid_of_types";
  chart.kind = ChartKind::heat_map;
  chart.title = {"Error by type and tensor", "各类型在各张量上的误差"};
  chart.x = {{"Type", "类型"},
             "",
             false,
             {},
             {},
             {{"nf4", "nf4"}, {"fp4", "fp4"}, {"int4", "int4"}, {"int4_affine", "int4_affine"}, {"int8", "int8"}}};
  chart.y = {{"Tensor", "张量"},
             "",
             false,
             {},
             {},
             {{"normal", "正态"}, {"Laplace", "拉普拉斯"}, {"Student-t", "学生 t"}, {"uniform", "均匀"}}};
  chart.z = {{"SQNR", "信噪比"}, "dB", false, {}, {}, {}};
  chart.grid.x = {0, 1, 2, 3, 4};
  chart.grid.y = {0, 1, 2, 3};
  chart.grid.z = {20.7, 18.8, 19.4, 21.0, 44.1, 19.1, 18.0, 16.7, 18.2, 41.9,
                  16.2, 15.9, 12.8, 14.0, 37.7, 20.9, 17.5, 23.8, 24.9, 48.6};
  return chart;
}

Chart step_timeline() {
  Chart chart;
  chart.name = "step_timeline";
  chart.kind = ChartKind::timeline;
  chart.title = {"One training step", "一个训练步"};
  chart.x = {{"Time", "时间"}, "ms", false, {}, {}, {}};
  chart.y = {{"Stream", "流"},
             "",
             false,
             {},
             {},
             {{"Compute", "计算"}, {"Copy to the card", "拷入显卡"}, {"Copy to the host", "拷回主机"}}};
  chart.series = {series("forward", {"Forward", "前向"}, {0, 38}, {0}),
                  series("backward", {"Backward", "反向"}, {38, 122}, {0}),
                  series("recompute", {"Recomputation", "重算"}, {122, 148, 160, 171}, {0, 0}),
                  series("paging", {"Paging", "换页"}, {12, 30, 60, 66, 130, 171}, {1, 1, 2})};
  chart.series[0].point_labels = {{"layers 1 to 32", "第 1 到 32 层"}};
  chart.lines = {{true, 122, {"peak", "峰值"}}};
  return chart;
}

Chart memory_over_a_step() {
  Chart chart;
  chart.name = "memory_over_a_step";
  chart.kind = ChartKind::stacked_area;
  chart.title = {"Memory over one step", "一步之内的显存"};
  chart.x = {{"Event", "事件"}, "", false, {}, {}, {}};
  chart.y = {{"Memory", "显存"}, "GiB", false, {}, {}, {}};
  chart.series = {series("weights", {"Weights", "权重"}, {}, {}),
                  series("activations", {"Activations", "激活"}, {}, {}),
                  series("gradients", {"Gradients", "梯度"}, {}, {})};
  for (int i = 0; i <= 300; ++i) {
    const double back = std::max(0, i - 150) / 150.0;
    for (Series& one : chart.series) one.x.push_back(i);
    chart.series[0].y.push_back(4);
    chart.series[1].y.push_back(i < 150 ? i * 0.04 : 6 * (1 - back) + (i % 10 < 5 ? 0.7 : 0.1));
    chart.series[2].y.push_back(3 * back);
  }
  chart.lines = {{true, 150, {"backward", "反向传播"}},
                 {true, 155, {"peak 10.6 GiB", "峰值 10.6 GiB"}},
                 {false, 12, {"card of 12 GiB", "12 GiB 显卡"}}};
  return chart;
}

Chart signed_bars() {
  Chart chart;
  chart.name = "signed_bars";
  chart.kind = ChartKind::grouped_bars;
  chart.title = {"Difference from the paper's figure", "与论文数值之差"};
  chart.x = {{}, "", false, {}, {}, {}};
  for (int i = 0; i < 12; ++i) {
    const std::string n = std::to_string(i + 1);
    chart.x.categories.push_back({"model.layers." + n + ".self_attn.q_proj.weight", "第 " + n + " 层 查询投影"});
  }
  chart.y = {{"Difference", "差"}, "%", false, {}, {}, {}};
  chart.series = {
      series("difference", {"Difference", "差"}, {}, {0.4, -1.2, 2.2, 0.0, -0.3, 1.1, 0.9, -2.4, 0.2, 0.6, -0.8, 1.9})};
  return chart;
}

Chart log_bars() {
  Chart chart;
  chart.name = "log_bars";
  chart.kind = ChartKind::grouped_bars;
  chart.title = {"Trainable parameters", "可训练参数"};
  chart.x = {
      {"Method", "方法"},
      "",
      false,
      {},
      {},
      {{"Full", "全量"}, {"LoRA r = 64", "LoRA r = 64"}, {"LoRA r = 16", "LoRA r = 16"}, {"LoRA r = 1", "LoRA r = 1"}}};
  chart.y = {{"Parameters", "参数"}, "", true, {}, {}, {}};
  chart.series = {series("parameters", {"Parameters", "参数"}, {}, {6.74e9, 1.6e8, 4.0e7, 2.5e6})};
  return chart;
}

Chart field_with_a_hole() {
  Chart chart;
  chart.name = "field_with_a_hole";
  chart.kind = ChartKind::heat_map;
  chart.title = {"Error over block size and outliers", "误差随块大小与离群值的变化"};
  chart.x = {{"Block size", "块大小"}, "", true, {}, {}, {}};
  chart.y = {{"Outlier rate", "离群值比例"}, "", true, {}, {}, {}};
  chart.z = {{"Mean squared error", "均方误差"}, "", true, {}, {}, {}};
  for (int i = 4; i <= 12; ++i) chart.grid.x.push_back(std::pow(2, i));
  for (int i = 0; i <= 12; ++i) chart.grid.y.push_back(1e-5 * std::pow(10, i / 3.0));
  for (const double rate : chart.grid.y) {
    for (const double block : chart.grid.x) {
      const bool hole = block > 1000 && rate < 1e-4 && rate > 2e-5;
      chart.grid.z.push_back(hole ? std::nan("") : 1e-3 * std::pow(block, 0.4) * (1 + 1e3 * rate));
    }
  }
  return chart;
}

Chart signed_stacks() {
  Chart chart;
  chart.name = "signed_stacks";
  chart.kind = ChartKind::stacked_bars;
  chart.title = {"Where memory comes and goes", "内存的增减"};
  chart.x.categories = {{"forward", "前向"}, {"backward", "反向"}, {"optimizer step", "优化器更新"}};
  chart.y = {{"Change", "变化"}, "GiB", false, {}, {}, {}};
  chart.series = {series("weights", {"Weights", "权重"}, {}, {0.3, 2.1, 0.2}),
                  series("activations", {"Activations", "激活"}, {}, {4.2, -4.2, 0}),
                  series("gradients", {"Gradients", "梯度"}, {}, {0.3, 2.1, -2.1})};
  return chart;
}

Chart many_names() {
  Chart chart;
  chart.name = "many_names";
  chart.kind = ChartKind::grouped_bars;
  chart.title = {"Forty tensors", "四十个张量"};
  chart.y = {{"Mean squared error", "均方误差"}, "", false, {}, {}, {}};
  chart.series = {series("nf4", {"NF4", "NF4"}, {}, {})};
  for (int i = 0; i < 40; ++i) {
    chart.x.categories.push_back(
        {"layers." + std::to_string(i) + ".mlp.down_proj", "第 " + std::to_string(i) + " 层 下投影"});
    chart.series[0].y.push_back(0.008 + 0.002 * std::sin(i));
  }
  return chart;
}

Chart many_curves() {
  Chart chart;
  chart.name = "many_curves";
  chart.kind = ChartKind::line;
  chart.title = {"Twelve seeds", "十二个种子"};
  chart.x = {{"Step", "步数"}, "", false, {}, {}, {}};
  chart.y = {{"Loss", "损失"}, "", false, {}, {}, {}};
  for (int s = 0; s < 12; ++s) {
    chart.series.push_back(series("seed", {"seed " + std::to_string(s), "种子 " + std::to_string(s)}, {}, {}));
    for (int i = 0; i < 200; ++i) {
      chart.series.back().x.push_back(i);
      chart.series.back().y.push_back(1 + s * 0.1 + std::exp(-i / 30.0));
    }
  }
  return chart;
}

}  // namespace

std::vector<Chart> sample_charts() {
  return {error_against_block(),
          loss_curves(),
          codebook_staircase(),
          error_against_bits(),
          memory_bars(),
          ledger(),
          histogram(),
          contour(),
          grid_of_types(),
          step_timeline(),
          memory_over_a_step(),
          signed_bars(),
          log_bars(),
          field_with_a_hole(),
          signed_stacks(),
          many_names(),
          many_curves()};
}

}  // namespace qlab::test
