#include "app/gui/strings.hpp"

#include <array>

namespace qlab::gui {
namespace {

struct Row {
  Phrase phrase;
  const char* en;
  const char* zh;
};

constexpr std::array rows{
    Row{Phrase::lessons, "Lessons", "课程"},
    Row{Phrase::parameters, "Parameters", "参数"},
    Row{Phrase::scenario, "Scenario", "情景"},
    Row{Phrase::reset, "Back to {}", "恢复为 {}"},
    Row{Phrase::reset_all, "Reset all", "全部重置"},
    Row{Phrase::type_hint, "Ctrl-click to type a value", "按住 Ctrl 点击可输入数值"},
    Row{Phrase::copy_command, "Copy as command line", "复制为命令行"},
    Row{Phrase::command_copied, "Copied: {}", "已复制：{}"},
    Row{Phrase::export_pictures, "Export", "导出"},
    Row{Phrase::theme_light, "Light", "浅色"},
    Row{Phrase::theme_dark, "Dark", "深色"},
    Row{Phrase::theme_projector, "Projector", "投影"},
    Row{Phrase::tab_text, "Lesson", "讲解"},
    Row{Phrase::tab_tables, "Tables", "表格"},
    Row{Phrase::tab_checks, "Checks", "核对"},
    Row{Phrase::tab_documents, "Documents", "文档"},
    Row{Phrase::values, "Values", "数值"},
    Row{Phrase::computing, "Computing", "计算中"},
    Row{Phrase::cancel, "Cancel", "取消"},
    Row{Phrase::stopped, "Stopped: only what was computed so far is shown", "已停止：仅显示到目前为止的结果"},
    Row{Phrase::computed_in, "computed in {}", "计算用时 {}"},
    Row{Phrase::older_picture, "The picture is of the last allowed parameters", "图形对应上一组有效参数"},
    Row{Phrase::no_result, "The first result is being computed.", "正在计算第一个结果。"},
    Row{Phrase::no_checks, "With these parameters there is nothing to check.", "当前参数下没有可核对的内容。"},
    Row{Phrase::enlarge, "Enlarge", "放大"},
    Row{Phrase::shrink, "Show all", "显示全部"},
    Row{Phrase::check_expected, "Expected", "预期"},
    Row{Phrase::check_ok, "ok", "通过"},
    Row{Phrase::check_failed, "failed", "未通过"},
    Row{Phrase::checks_passed, "{0} of {1} checks agree with their sources.", "{1} 项核对中有 {0} 项与来源一致。"},
    Row{Phrase::claims_refuted, " Claims in circulation that do not hold: {0}.", "其中有 {0} 个流传的说法不成立。"},
    Row{Phrase::claim_confirmed, "claim holds", "说法成立"},
    Row{Phrase::claim_refuted, "claim refuted", "说法不成立"},
    Row{Phrase::claim_holds, "printed {0}, computed {1}: holds", "书面为 {0}，计算为 {1}：成立"},
    Row{Phrase::claim_fails, "printed {0}, computed {1}: does not hold", "书面为 {0}，计算为 {1}：不成立"},
    Row{Phrase::tensor_hint, "numbers, or file.safetensors#tensor, or file.npy",
        "数值，或 file.safetensors#张量名，或 file.npy"},
    Row{Phrase::generator_normal, "Normal", "正态"},
    Row{Phrase::generator_laplace, "Laplace", "拉普拉斯"},
    Row{Phrase::generator_student_t, "Student t", "学生 t"},
    Row{Phrase::generator_uniform, "Uniform", "均匀"},
    Row{Phrase::generator_outliers, "Outliers", "含离群值"},
    Row{Phrase::export_what, "What", "内容"},
    Row{Phrase::export_everything, "Everything", "全部"},
    Row{Phrase::export_formats, "Formats", "格式"},
    Row{Phrase::export_theme, "Colours", "配色"},
    Row{Phrase::export_scale, "Size of PNG", "PNG 尺寸"},
    Row{Phrase::export_transparent, "Transparent background", "透明背景"},
    Row{Phrase::export_folder, "Folder", "文件夹"},
    Row{Phrase::export_now, "Write files", "写入文件"},
    Row{Phrase::export_running, "Writing …", "正在写入……"},
    Row{Phrase::export_written, "{0} in {1}", "{0}，位于 {1}"},
    Row{Phrase::on, "on", "开"},
    Row{Phrase::off, "off", "关"},
};

constexpr bool in_order() {
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (rows[i].phrase != static_cast<Phrase>(i)) return false;
  }
  return rows.size() == static_cast<std::size_t>(Phrase::count_);
}
static_assert(in_order(), "one row for every phrase, in the order of the enumeration");

}  // namespace

const char* say(Phrase phrase, Language language) {
  const Row& row = rows[static_cast<std::size_t>(phrase)];
  return language == Language::zh ? row.zh : row.en;
}

std::vector<Text> all_phrases() {
  std::vector<Text> phrases;
  for (const Row& row : rows) phrases.push_back({row.en, row.zh});
  return phrases;
}

}  // namespace qlab::gui
