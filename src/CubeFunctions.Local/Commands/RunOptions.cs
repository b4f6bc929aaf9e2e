using System.CommandLine;
using CubeFunctions.Core.Model;

namespace CubeFunctions.Local.Commands;

/// <summary>The options by which <c>sync</c> and <c>backfill</c> choose what a run reads.</summary>
internal static class RunOptions
{
    public const string CampaignName = "--campaign";
    public const string AssignmentName = "--assignment";
    public const string FromName = "--from";
    public const string ToName = "--to";

    public static Option<string[]> Campaigns { get; } =
        new(CampaignName) { Description = "Only this campaign, by its id; may be repeated." };
    public static Option<string[]> Assignments { get; } =
        new(AssignmentName) { Description = "Only this assignment, by its id, or this CRM (3-B2C); may be repeated." };
    public static Option<string[]> Feeds { get; } =
        new("--feed") { Description = $"Only this feed; may be repeated. {FeedCatalogue.NamesLine}" };
    public static Option<string> From { get; } = new(FromName) { Description = "First day, yyyy-MM-dd." };
    public static Option<string> To { get; } = new(ToName) { Description = "Last day, yyyy-MM-dd." };
    public static Option<bool> Json { get; } =
        new("--json") { Description = "Print one JSON object on standard output, everything else on standard error." };
}
