using System.Globalization;

namespace Cube.Simulator.Generation;

/// <summary>Responses and SMS of a day: a pure function of seed, campaign and day, the newest row first.</summary>
internal sealed class DayGenerator(SimulatorOptions options)
{
    private const int FirstMinute = 9 * 60;
    private const int Minutes = 12 * 60;

    public int Count(DayFeed feed, Campaign campaign, DateOnly day)
    {
        var mean = feed == DayFeed.Responses ? options.ResponsesPerCampaignPerDay : options.SmsPerCampaignPerDay;
        if (mean == 0 || options.CustomersPerAssignment == 0 || !campaign.RunsOn(day))
            return 0;
        var swing = Rng.Unit(Key(feed, campaign, day));
        var share = day.DayOfWeek switch
        {
            DayOfWeek.Sunday => 0,
            DayOfWeek.Saturday => 0.2 * swing,
            _ => 0.5 + swing,
        };
        return (int)Math.Round(mean * share);
    }

    public DayRow Row(DayFeed feed, Campaign campaign, DateOnly day, int index, int count)
    {
        var dayKey = Key(feed, campaign, day);
        var hash = Rng.Key(dayKey, index + 1);
        // A stride keeps the customers of a day apart, so that no two rows of the base data have the same key.
        var customer = (int)((Rng.Key(dayKey, 0) % 1_000_000 + ((ulong)index * 7919)) % (ulong)options.CustomersPerAssignment);
        var minute = FirstMinute + (int)((long)(count - 1 - index) * Minutes / count);
        var when = string.Create(CultureInfo.InvariantCulture, $"{day:yyyy-MM-dd} {minute / 60:D2}:{minute % 60:D2}");
        var by = Rng.Pick(Rng.Key(hash, 3), Words.Agents);
        var id = campaign.Assignment.InternalId(customer);
        if (feed == DayFeed.Sms)
            return new DayRow(id, Rng.Below(hash, 4) == 0 ? "In" : "Out", "", Rng.Pick(Rng.Key(hash, 2), Words.SmsTexts), when, by);
        var (type, subtype) = Type(hash);
        return new DayRow(id, type, subtype, Rng.Pick(Rng.Key(hash, 2), Words.Comments), when, by);
    }

    /// <summary>The type alone, so that a filter need not make whole rows.</summary>
    public string ResponseType(Campaign campaign, DateOnly day, int index) =>
        Type(Rng.Key(Key(DayFeed.Responses, campaign, day), index + 1)).Type;

    private static (string Type, string Subtype) Type(ulong hash) => Rng.Pick(hash, Words.ResponseTypes);

    private ulong Key(DayFeed feed, Campaign campaign, DateOnly day) => Rng.Key(options.Seed, 2 + (int)feed, campaign.Id, day.DayNumber);
}
