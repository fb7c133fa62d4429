/* SPDX-License-Identifier: MIT */
/*
 * profile.cpp: reads a profile with toml++ into the plain structures of profile.h.
 */
#include "profile.h"
#include "toml_table.h"
#include <cstring>

namespace
{

using toll::Table;

constexpr double CYCLES_MAX = 1e9;
constexpr int64_t SIZE_MAX_BYTES = int64_t(1) << 30;

class Loader
{
  public:
    Loader(arena *memory, profile *out) : arena_(memory), out_(out)
    {
    }

    void load(const toml::table &root, const std::string &file)
    {
        Table top(root, "", file);
        out_->name = required_text(top, root, "name");
        out_->what = required_text(top, root, "what");
        load_arrays(top, "cache", PROFILE_L1I, PROFILE_ITLB);
        load_arrays(top, "tlb", PROFILE_ITLB, PROFILE_ARRAYS);
        if (const toml::table *costs = top.take_table("cost"))
            load_costs(*costs, file);
        top.finish();
        if (!out_->costs[PROFILE_CPI].known)
            throw std::runtime_error(file + ":1:1: cost.cpi: expected the cycles of an instruction; add [cost] cpi = " +
                                     "{ cycles = NUMBER, source = \"...\" }");
    }

  private:
    const char *required_text(Table &table, const toml::table &node, const std::string &key)
    {
        std::string text = table.take_text(key);
        if (text.empty())
            table.fail(node, key, "expected a text, found nothing; add " + key + " = \"...\"");
        return arena_copy(arena_, text.c_str());
    }

    void load_arrays(Table &top, const std::string &group, int first, int end)
    {
        const toml::table *arrays = top.take_table(group);
        if (!arrays)
            return;
        Table table(*arrays, group, top.file());
        for (int i = first; i < end; i++) {
            if (const toml::table *one = table.take_table(profile_array_names[i])) {
                Table entry(*one, group + "." + profile_array_names[i], top.file());
                load_array(entry, *one, first == PROFILE_ITLB, out_->arrays[i]);
            }
        }
        table.finish();
    }

    void load_array(Table &table, const toml::table &node, bool is_tlb, profile_array &out)
    {
        const char *size = is_tlb ? "entries" : "bytes";
        out.known = true;
        out.size = whole(table, node, size, SIZE_MAX_BYTES);
        out.ways = whole(table, node, "ways", 1024);
        out.line = is_tlb ? 4096 : whole(table, node, "line", 4096);
        out.penalty = table.take_amount("penalty", 0, CYCLES_MAX);
        out.source = required_text(table, node, "source");
        out.penalty_source = required_text(table, node, "penalty_source");
        table.finish();
        uint32_t way = out.ways * (is_tlb ? 1 : out.line), sets = out.size / way;
        if (sets == 0 || out.size % way || (sets & (sets - 1)) || (out.line & (out.line - 1)))
            table.fail(node, size,
                       "expected ways times a power of two" + std::string(is_tlb ? "" : " times line, a power of two") +
                           ", found " + std::to_string(out.size) + " with " + std::to_string(out.ways) +
                           " ways; correct one of them");
    }

    uint32_t whole(Table &table, const toml::table &node, const char *key, int64_t high)
    {
        if (!table.has(key))
            table.fail(node, key, "expected a whole number, found nothing; add " + std::string(key) + " = NUMBER");
        return static_cast<uint32_t>(table.take_number(key, 1, high, 1));
    }

    void load_costs(const toml::table &costs, const std::string &file)
    {
        Table table(costs, "cost", file);
        for (int i = 0; i < PROFILE_COSTS; i++) {
            const std::string key = profile_cost_names[i];
            if (const toml::table *one = table.take_table(key)) {
                Table entry(*one, "cost." + key, file);
                out_->costs[i].known = true;
                out_->costs[i].cycles = entry.take_amount("cycles", 0, CYCLES_MAX);
                out_->costs[i].source = required_text(entry, *one, "source");
                entry.finish();
            }
        }
        table.finish();
    }

    arena *arena_;
    profile *out_;
};

} // namespace

extern "C" int profile_load(struct arena *arena, const char *path, struct profile *out, struct error *error)
{
    std::memset(out, 0, sizeof(*out));
    out->path = arena_copy(arena, path);
    return toll::read_file(
        arena, path, "name another profile", error,
        [&](const toml::table &root, const std::string &file) { Loader(arena, out).load(root, file); });
}
