using System.Reflection;
using System.Runtime.CompilerServices;
using Cube.Simulator;
using CubeFunctions.Tests.Sync;
using Mono.Cecil;
using Xunit;

namespace CubeFunctions.Tests.Architecture;

/// <summary>A test that starts a tenant runs over both generations of Cube's API by parameter, or says here why it does not.</summary>
public sealed class GenerationTests
{
    /// <summary>Tests of one generation: a class, a test, or a namespace; and the reason.</summary>
    private static readonly Dictionary<string, string> OfOne = new(StringComparer.Ordinal)
    {
        ["Simulator/"] = "the simulator itself, whose tests go through each generation's paths by name",
        ["VolumeTests"] = "the runbook's figures are those of the feeds that are read by default",
        ["AddressTests"] = "one customer has two forms of a path in generation 2, two kinds of id in generation 1",
        ["CustomerChangeTests.Where_some_are_deleted_and_some_lose_their_ids_at_once_all_are_erased_and_nobody_is_created"] =
            "only generation 2 takes the ids of the anonymised away",
        ["CustomerChangeTests.Many_who_lose_their_ids_at_once_are_held_back_like_a_lost_permission_and_erased_after_a_release"] =
            "only generation 2 takes the ids of the anonymised away",
        ["DashboardTests"] = "it shows what status answers, out of accounts that are filled by hand",
        ["FreeNameTests"] = "only a CRM has a free name",
        ["HeldTests.A_path_of_two_forms_is_tried_once_in_each_and_the_one_found_is_remembered"] = "only a CRM has a path of two forms",
        ["HeldTests.A_customer_is_asked_for_at_the_path_that_the_tenant_has"] = "only a CRM has a path of two forms",
        ["PersonTests"] = "the variants of a CRM; ErasureTests run over both generations",
        ["ProbeTests"] = "what is wrong with the tenant has no generation; another of its tests describes each variant of both",
        ["RightPersonTests.An_address_that_leads_to_another_customers_record_is_a_reason_to_write_to_nobody"] =
            "addresses of generation 2 take imported ids only",
        ["RightPersonTests.After_a_POST_that_was_not_answered_the_customer_is_looked_up_in_a_list_that_is_proven"] =
            "with imported ids in addresses the record itself is asked for",
        ["RoundTripTests.Call_outcomes_of_every_age_are_proven_filed_by_day_and_published_under_their_customer"] =
            "call outcomes are generation 2's",
        ["UpsertTests"] = "what is documented for one generation and not for the other",
    };

    [Fact]
    public void Each_test_that_starts_a_tenant_runs_over_both_generations_or_says_why_not()
    {
        using var assembly = AssemblyDefinition.ReadAssembly(typeof(GenerationTests).Assembly.Location);
        var calls = assembly
            .MainModule.GetTypes()
            .SelectMany(type => type.Methods)
            .GroupBy(NameOf, StringComparer.Ordinal)
            .ToDictionary(same => same.Key, same => same.SelectMany(CalledBy).ToHashSet(StringComparer.Ordinal), StringComparer.Ordinal);
        string[] starts =
        [
            $"{typeof(CubeSimulator).FullName}::{nameof(CubeSimulator.StartAsync)}",
            $"{typeof(ScriptedCube).FullName}::{nameof(ScriptedCube.StartAsync)}",
        ];
        var tests = typeof(GenerationTests)
            .Assembly.GetTypes()
            .SelectMany(type => type.GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly))
            .Where(method => method.IsDefined(typeof(FactAttribute), inherit: true))
            .Where(method => Reaches(calls, BeginningsOf(method), starts))
            .ToList();
        Assert.True(tests.Count > 200, $"{tests.Count} tests start a tenant");
        var ofOne = tests
            .Where(method => !method.GetParameters().Any(parameter => parameter.ParameterType == typeof(TenantApi)))
            .Select(method => (Test: method, Reason: NamesOf(method).FirstOrDefault(OfOne.ContainsKey)))
            .ToList();
        var unlisted = ofOne.Where(one => one.Reason is null).Select(one => NamesOf(one.Test).First()).ToList();
        Assert.True(unlisted.Count == 0, string.Join('\n', unlisted));

        // A reason that nothing needs any more is removed.
        Assert.Equal([], OfOne.Keys.Except(ofOne.Select(one => one.Reason!)));
    }

    /// <summary>The test itself, and the fixtures that its class is given.</summary>
    private static IEnumerable<string> BeginningsOf(MethodInfo method) =>
        method
            .DeclaringType!.GetConstructors()
            .SelectMany(constructor => constructor.GetParameters())
            .Where(parameter => parameter.ParameterType.Assembly == method.DeclaringType.Assembly)
            .Select(parameter => $"{parameter.ParameterType.FullName}::{nameof(IAsyncLifetime.InitializeAsync)}")
            .Prepend($"{method.DeclaringType.FullName}::{method.Name}");

    /// <summary>The names by which a test may be listed: itself, its class, its room.</summary>
    private static IEnumerable<string> NamesOf(MethodInfo method)
    {
        var type = method.DeclaringType!;
        return [$"{type.Name}.{method.Name}", type.Name, type.Namespace!.Split('.')[^1] + "/"];
    }

    /// <summary>Overloads of a name count as one.</summary>
    private static string NameOf(MethodReference method) =>
        $"{method.DeclaringType.GetElementType().FullName.Replace('/', '+')}::{method.Name}";

    /// <summary>What a method calls or makes a delegate of, its lambdas and what the compiler made of an async body among it.</summary>
    private static IEnumerable<string> CalledBy(MethodDefinition method) =>
        method
            .CustomAttributes.Where(attribute =>
                attribute.AttributeType.Name
                    is nameof(AsyncStateMachineAttribute)
                        or nameof(IteratorStateMachineAttribute)
                        or nameof(AsyncIteratorStateMachineAttribute)
            )
            .Select(attribute => $"{((TypeReference)attribute.ConstructorArguments[0].Value).FullName.Replace('/', '+')}::MoveNext")
            .Concat(
                method.HasBody
                    ? method.Body.Instructions.Select(instruction => instruction.Operand).OfType<MethodReference>().Select(NameOf)
                    : []
            );

    private static bool Reaches(Dictionary<string, HashSet<string>> calls, IEnumerable<string> from, string[] targets)
    {
        var seen = new HashSet<string>(from, StringComparer.Ordinal);
        var open = new Queue<string>(seen);
        while (open.TryDequeue(out var method))
        {
            if (targets.Contains(method))
            {
                return true;
            }

            foreach (var called in calls.GetValueOrDefault(method, []).Where(seen.Add))
            {
                open.Enqueue(called);
            }
        }

        return false;
    }
}
