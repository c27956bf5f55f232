// The three files that each program finds open.
#pragma once

namespace warren::app {

// Opens /dev/null for those that are closed (`warren ... <&-`), only to read: input has ended, and output
// fails as before. Else the first socket or file would take the number, and be taken for the terminal. To be
// called before anything is opened.
void open_standard_streams();

}  // namespace warren::app
