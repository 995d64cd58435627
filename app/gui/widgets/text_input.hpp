// A line of text to type into. SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "app/gui/ui.hpp"

namespace qlab::gui {

struct TextInput {
  bool edited = false;     ///< `text` has changed
  bool committed = false;  ///< Enter, or the pointer went elsewhere after a change
  bool left = false;       ///< no longer typed into, changed or not
};

/// `hint` is shown while the text is empty; `focus` puts the cursor into it; `refused` frames it in the colour of
/// errors.
TextInput text_input(const Ui& ui, const char* id, std::string& text, float width, const char* hint, bool focus,
                     bool refused);

}  // namespace qlab::gui
