/* SPDX-License-Identifier: MIT */
/*
 * toml_table.h: a checked view of one TOML table, for the C++ files that read settings with toml++, and how they read a
 * file.
 *
 * Each take_* looks one key up, checks its type and range and remembers its name; finish() then refuses every key that
 * nobody asked for.  A mistake is thrown as std::runtime_error whose text is for the user: file:line:column, the key,
 * what was expected and what to do.
 */
#ifndef TOLL_TOML_TABLE_H
#define TOLL_TOML_TABLE_H

#include "config.h"
#include "file.h"
#include <algorithm>
#include <sstream>
#include <stdexcept>
#include <string>
#include <toml++/toml.h>
#include <vector>

namespace toll
{

inline std::string at(const toml::node &node, const std::string &path)
{
    std::ostringstream text;
    text << path << ':' << node.source().begin.line << ':' << node.source().begin.column << ": ";
    return text.str();
}

inline std::string type_name(const toml::node &node)
{
    switch (node.type()) {
    case toml::node_type::integer:
        return "the number " + std::to_string(node.as_integer()->get());
    case toml::node_type::string:
        return "the text \"" + node.as_string()->get() + "\"";
    case toml::node_type::floating_point: {
        std::ostringstream text;
        text << "the number " << node.as_floating_point()->get();
        return text.str() + (text.str().find_first_of(".ein") == std::string::npos ? ".0" : "");
    }
    case toml::node_type::boolean:
        return "true or false";
    case toml::node_type::table:
        return "a table";
    case toml::node_type::array:
        return "a list";
    default:
        return "something else";
    }
}

/* A word that can be an argument of a program on a kernel's command line. */
inline bool is_word(const std::string &text)
{
    return !text.empty() &&
           std::all_of(text.begin(), text.end(), [](unsigned char c) { return c > 32 && c < 127 && c != '"'; });
}

inline bool is_name(const std::string &text)
{
    return !text.empty() && text.size() < 64 &&
           std::all_of(text.begin(), text.end(), [](unsigned char c) { return isalnum(c) || c == '_' || c == '-'; });
}

class Table
{
  public:
    Table(const toml::table &table, std::string name, const std::string &file)
        : table_(table), name_(std::move(name)), file_(file)
    {
    }

    [[noreturn]] void fail(const toml::node &node, const std::string &key, const std::string &what) const
    {
        throw std::runtime_error(at(node, file_) + full(key) + ": " + what);
    }

    uint64_t take_number(const std::string &key, int64_t low, int64_t high, int64_t fallback)
    {
        const toml::node *node = take(key);
        if (!node)
            return static_cast<uint64_t>(fallback);
        const auto *number = node->as_integer();
        if (!number || number->get() < low || number->get() > high)
            fail(*node, key,
                 "expected a whole number from " + std::to_string(low) + " to " + std::to_string(high) + ", found " +
                     type_name(*node) + "; write for example " + key + " = " + std::to_string(fallback));
        return static_cast<uint64_t>(number->get());
    }

    /* Any number from low to high, which must be there. */
    double take_amount(const std::string &key, double low, double high)
    {
        const toml::node *node = take(key);
        std::ostringstream expected;
        expected << "expected a number from " << low << " to " << high << ", found ";
        if (!node)
            throw std::runtime_error(at(table_, file_) + full(key) + ": " + expected.str() + "nothing; add " + key +
                                     " = NUMBER");
        const auto number = node->value<double>();
        if (!number || !(*number >= low && *number <= high))
            fail(*node, key, expected.str() + type_name(*node) + "; correct it");
        return *number;
    }

    std::string take_choice(const std::string &key, const std::vector<std::string> &choices)
    {
        std::string all;
        const toml::node *node = take(key);
        if (!node)
            return choices.front();
        for (const auto &choice : choices) {
            all += (all.empty() ? "\"" : "\", \"") + choice;
            if (node->is_string() && node->as_string()->get() == choice)
                return choice;
        }
        fail(*node, key, "expected one of " + all + "\", found " + type_name(*node) + "; choose one of them");
    }

    std::string take_word(const std::string &key, const std::string &fallback)
    {
        const toml::node *node = take(key);
        if (!node)
            return fallback;
        return word(*node, key);
    }

    /* Any text; empty if there is none. */
    std::string take_text(const std::string &key)
    {
        const toml::node *node = take(key);
        if (!node)
            return "";
        if (!node->is_string() || node->as_string()->get().empty())
            fail(*node, key, "expected a text, found " + type_name(*node) + "; say it in words");
        return node->as_string()->get();
    }

    std::string take_name(const std::string &key, const std::string &fallback)
    {
        const toml::node *node = take(key);
        if (!node)
            return fallback;
        if (!node->is_string() || !is_name(node->as_string()->get()))
            fail(*node, key,
                 "expected a name of letters, digits, _ and -, found " + type_name(*node) +
                     "; name a file of workloads/ without its .c");
        return node->as_string()->get();
    }

    /* Each element with the place where it stands, for checks that come later. */
    std::vector<std::pair<std::string, const toml::node *>> take_words(const std::string &key)
    {
        std::vector<std::pair<std::string, const toml::node *>> words;
        const toml::node *node = take(key);
        if (!node)
            return words;
        if (!node->is_array())
            fail(*node, key, "expected a list of texts, found " + type_name(*node) + "; write " + key + " = [\"...\"]");
        for (const toml::node &element : *node->as_array())
            words.emplace_back(word(element, key), &element);
        return words;
    }

    /* The same for a list that says something only if it is not empty, and each word once. */
    std::vector<std::pair<std::string, const toml::node *>> take_choices(const std::string &key)
    {
        const toml::node *node = take(key);
        auto words = take_words(key);
        if (node && words.empty())
            fail(*node, key, "expected at least one text, found an empty list; remove " + key + " to mean all");
        for (size_t i = 0; i < words.size(); i++) {
            for (size_t k = 0; k < i; k++) {
                if (words[k].first == words[i].first)
                    fail(*words[i].second, key, "\"" + words[i].first + "\" is listed twice; remove one");
            }
        }
        return words;
    }

    const toml::table *take_table(const std::string &key)
    {
        const toml::node *node = take(key);
        if (node && !node->is_table())
            fail(*node, key, "expected a table, found " + type_name(*node) + "; write [" + full(key) + "]");
        return node ? node->as_table() : nullptr;
    }

    /* Refuses the keys that were never asked for. */
    void finish() const
    {
        std::vector<const char *> names;
        for (const auto &key : known_)
            names.push_back(key.c_str());
        for (auto &&[key, node] : table_) {
            std::string text(key.str());
            if (std::find(known_.begin(), known_.end(), text) != known_.end())
                continue;
            const char *near = config_suggest(text.c_str(), names.data(), names.size());
            std::string all;
            for (const auto &name : known_)
                all += (all.empty() ? "" : ", ") + name;
            std::ostringstream place;
            place << file_ << ':' << key.source().begin.line << ':' << key.source().begin.column << ": ";
            throw std::runtime_error(place.str() + full(text) + ": unknown key; expected one of: " + all +
                                     (near ? std::string("; did you mean ") + near + "?" : "; remove it"));
        }
    }

    bool has(const std::string &key)
    {
        return take(key) != nullptr;
    }

    const std::string &file() const
    {
        return file_;
    }

    const std::string &name() const
    {
        return name_;
    }

  private:
    const toml::node *take(const std::string &key)
    {
        if (std::find(known_.begin(), known_.end(), key) == known_.end())
            known_.push_back(key);
        return table_.get(key);
    }

    std::string word(const toml::node &node, const std::string &key) const
    {
        if (!node.is_string() || !is_word(node.as_string()->get()))
            fail(node, key,
                 "expected a text without blanks or quotes, found " + type_name(node) +
                     "; it becomes a word of a command line");
        return node.as_string()->get();
    }

    std::string full(const std::string &key) const
    {
        return name_.empty() ? key : name_ + "." + key;
    }

    const toml::table &table_;
    std::string name_;
    const std::string &file_;
    std::vector<std::string> known_;
};

/* The stanzas of a table of tables in the order in which the file has them. */
inline std::vector<std::pair<std::string, const toml::table *>> stanzas(const toml::table *all, const std::string &name,
                                                                        const std::string &file)
{
    std::vector<std::pair<std::string, const toml::table *>> list;
    if (!all || all->empty())
        throw std::runtime_error(file + ":1:1: " + name + ": expected at least one stanza; write [" + name + ".NAME]");
    for (auto &&[key, node] : *all) {
        std::string text(key.str());
        if (!node.is_table())
            throw std::runtime_error(at(node, file) + name + "." + text + ": expected a table, found " +
                                     type_name(node) + "; write [" + name + "." + text + "]");
        if (!is_name(text))
            throw std::runtime_error(at(node, file) + name + "." + text +
                                     ": expected a name of letters, digits, _ and -; rename it");
        list.emplace_back(text, node.as_table());
    }
    std::stable_sort(list.begin(), list.end(), [](const auto &a, const auto &b) {
        return a.second->source().begin.line < b.second->source().begin.line;
    });
    return list;
}

/* Reads a file and hands its table and its name to load.  Errors travel as exceptions in there and leave as *error; of
   a file that cannot be read it says what to do. */
template <typename Load> int read_file(arena *memory, const char *path, const char *advice, error *error, Load load)
{
    size_t bytes = 0;
    const char *text = file_read(memory, path, &bytes, error);
    if (!text)
        return error_set(error, TOLL_USAGE, "%s; %s", std::string(error->text).c_str(), advice);
    try {
        const std::string file = path;
        load(toml::parse(std::string_view(text, bytes), file), file);
        return 0;
    } catch (const toml::parse_error &problem) {
        const auto &begin = problem.source().begin;
        const std::string what(problem.description());
        return error_set(error, TOLL_USAGE, "%s:%u:%u: %s; see https://toml.io for the syntax", path,
                         static_cast<unsigned>(begin.line), static_cast<unsigned>(begin.column), what.c_str());
    } catch (const std::exception &problem) {
        return error_set(error, TOLL_USAGE, "%s", problem.what());
    }
}

} // namespace toll

#endif
