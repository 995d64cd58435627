// The window's own words, in both languages. SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include "core/base/text.hpp"

namespace qlab::gui {

enum class Phrase {
  lessons,
  parameters,
  scenario,
  reset,
  reset_all,
  type_hint,
  copy_command,
  command_copied,
  export_pictures,
  theme_light,
  theme_dark,
  theme_projector,
  tab_text,
  tab_tables,
  tab_checks,
  tab_documents,
  values,
  computing,
  cancel,
  stopped,
  computed_in,
  older_picture,
  no_result,
  no_checks,
  enlarge,
  shrink,
  check_expected,
  check_ok,
  check_failed,
  checks_passed,
  claims_refuted,
  claim_confirmed,
  claim_refuted,
  claim_holds,
  claim_fails,
  tensor_hint,
  generator_normal,
  generator_laplace,
  generator_student_t,
  generator_uniform,
  generator_outliers,
  export_what,
  export_everything,
  export_formats,
  export_theme,
  export_scale,
  export_transparent,
  export_folder,
  export_now,
  export_running,
  export_written,
  on,
  off,
  count_,
};

const char* say(Phrase phrase, Language language);

/// Every phrase, for the font atlas.
std::vector<Text> all_phrases();

}  // namespace qlab::gui
