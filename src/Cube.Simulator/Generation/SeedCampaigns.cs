namespace Cube.Simulator.Generation;

/// <summary>The campaigns a tenant begins with. Their dates are fixed, so that a day's data do not depend on when one looks.</summary>
internal static class SeedCampaigns
{
    public const int FirstId = 201;

    public static IEnumerable<Campaign> Of(SimulatorOptions options, Assignment[] assignments)
    {
        for (var ordinal = 0; ordinal < options.Campaigns; ordinal++)
        {
            var assignment = assignments[ordinal / options.CampaignsPerAssignment];
            yield return new Campaign(
                FirstId + ordinal,
                $"{Rng.Pick(Rng.Key(options.Seed, 6, ordinal), Words.Products)} – kundevekst {ordinal + 1}",
                assignment,
                ordinal % options.CampaignsPerAssignment,
                new DateOnly(2016, 1, 4).AddDays(ordinal % 20),
                ordinal % 4 == 3 ? new DateOnly(2099, 12, 31) : null
            );
        }

        for (var ordinal = 0; ordinal < options.EndedCampaigns; ordinal++)
        {
            yield return new Campaign(
                FirstId + options.Campaigns + ordinal,
                $"Avsluttet kampanje {ordinal + 1}",
                assignments[ordinal % assignments.Length],
                options.CampaignsPerAssignment + (ordinal / assignments.Length),
                new DateOnly(2015, 3, 2),
                new DateOnly(2017, 6, 30).AddDays(ordinal * 31)
            );
        }
    }
}
