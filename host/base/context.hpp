#pragma once

#include <cstdint>
#include <string>

namespace kindred::host {

/// How far a task has come.
struct ProgressState {
  std::string label, unit;  ///< "encoding", "samples": the unit is plural
  std::string note;         ///< free text, such as the running loss
  int64_t done = 0, total = 0;
  double rate = 0;             ///< units per second of this execution
  double elapsed_seconds = 0;  ///< since the task began
  bool finished = false;
};

/// What surrounds a piece of work: where it says what it does, and who may stop it. The program hands in one
/// that writes to the terminal and hears Ctrl-C; another program that hosts the rooms hands in its own.
/// Nothing below the command line writes to the terminal or installs a signal handler by itself.
/// [thread-safe]
class Context {
 public:
  virtual ~Context() = default;

  /// Says whether the work shall stop at its next safe place, where it throws Interrupted or returns early.
  virtual bool interrupted() const { return false; }

  /// A sentence for a person; what went wrong without ending the work; what ended it.
  virtual void info(const std::string& text) { (void)text; }
  virtual void warning(const std::string& text) { (void)text; }
  virtual void failure(const std::string& text) { (void)text; }

  /// From now on everything said also goes to this file.
  virtual void add_log_file(const std::string& path) { (void)path; }

  /// Called often; the context decides how often it shows something.
  virtual void show(const ProgressState& state) { (void)state; }
};

}  // namespace kindred::host
