using System.Globalization;
using System.Text;
using CubeFunctions.Core.Erasure;

namespace CubeFunctions.Local.Commands;

/// <summary>The report of an erasure in words.</summary>
internal static class ErasureText
{
    public static string Of(ErasureReport report)
    {
        var text = new StringBuilder();
        void Line(FormattableString line) => text.Append(line.ToString(CultureInfo.InvariantCulture)).Append('\n');
        if (!report.Found)
        {
            Line(
                $"Nothing is kept of this customer of assignment {report.Assignment}.{(report.ErasedBefore is { } day ? $" Erased on {day:yyyy-MM-dd}." : "")}"
            );
            if (report.UnknownAssignment)
            {
                Line($"Neither storage nor Cube knows assignment {report.Assignment}: perhaps --assignment is wrong.");
            }

            if (report.OtherKindOfId > 0)
            {
                Line($"The id is Cube's own id of another customer there: --customer takes the imported id (the CRM's own).");
            }
        }
        else
        {
            Line($"Erased from assignment {report.Assignment}:");
            foreach (var feed in report.Feeds.Where(feed => feed.IsTouched))
            {
                Line(
                    $"  cube-raw       {feed.Feed}: {feed.Records} records out of {feed.Pages} pages of {feed.Manifests} windows; {feed.Leftovers} pages that no manifest names"
                );
                Line($"  cube-changes   {feed.Feed}: {feed.Lines} lines out of {feed.Files} files");
                Line($"  cube-state     {feed.Feed}: {feed.StateEntries} entries");
            }

            Line($"  cube-state     index of imported ids: {report.IndexEntries} entries");
            Line(
                $"  cube-inbox     {report.Bodies} webhook bodies ({report.SharedBodies} of them with other customers, whose waiting values are kept), {report.Values} long values"
            );
            Line($"  CubeUpserts    {report.Events} events ({report.WaitingEvents} of them undelivered)");
            Line($"  CubeCustomers  {report.Mailboxes} mailboxes");
            Line($"A tombstone (salted hashes alone) keeps the person out of change files for as long as Cube has the person.");
        }

        if (report.Feeds.Sum(feed => feed.LeftAlone) is > 0 and var alone)
        {
            Line(
                $"{alone} records of the same id in Cube have another imported id and were left alone: if they are the same person, erase that id too."
            );
        }

        if (report.CampaignsOfUnknownAssignment > 0)
        {
            Line(
                $"{report.CampaignsOfUnknownAssignment} campaigns whose assignment neither storage nor Cube tells were searched by Cube's own id alone."
            );
        }

        if (report.BodiesOfUnknownAssignment > 0)
        {
            Line($"{report.BodiesOfUnknownAssignment} of the webhook bodies were so old that nothing tells their assignment any more.");
        }

        if (report.OtherGeneration.Count > 0)
        {
            Line(
                $"Customers of {string.Join(", ", report.OtherGeneration)} are kept as well, from the other generation of Cube's API: erase the person there too, with that id as --assignment."
            );
        }

        Line($"{Copies(report)}");
        Line(
            $"While Cube has the person, the next sync stores the person's records in cube-raw again: tell Cube to delete or anonymise the person, then run this command once more."
        );
        Line($"The CRM's own copies, what it received before, and backups of it or of this account are not touched.");
        return text.ToString().TrimEnd('\n');
    }

    private static string Copies(ErasureReport report) =>
        report switch
        {
            { SoftDeleteDays: 0 } => "The account keeps no soft-deleted copies of blobs.",
            { SoftDeleteDays: { } days, CopiesExpireAt: { } at } => string.Create(
                CultureInfo.InvariantCulture,
                $"Soft-deleted copies of what was erased can be brought back for {days} days; the last of them expire at {at:yyyy-MM-dd HH:mm} UTC."
            ),
            _ => "Soft-deleted copies expire when the account's setting says, which could not be read: 7 days as infra deploys it.",
        };
}
